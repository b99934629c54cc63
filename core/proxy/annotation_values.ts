/**
 * Readers for the values of single annotations, as kuma-cni reads them on the node.
 *
 * @module
 */
import { isUserName } from "./resolve.ts";
import type { SettingValue } from "./kinds.ts";
import type { IpFamilyMode } from "./config.ts";
import type { AnnotationKind } from "core/kube/annotation_table.ts";
import { parseIpExclusion } from "core/grammar/address.ts";
import { refused, shown } from "core/grammar/echo.ts";
import { parseIpFamilyMode } from "core/grammar/names.ts";
import { decimal, MAX_PORT, parseUid } from "core/grammar/numbers.ts";
import { parsePort, parsePorts } from "core/grammar/ports.ts";
import { parseSwitch } from "core/grammar/switches.ts";
import { parseUidExclusion } from "core/grammar/uid_exclusion.ts";

/** The kinds of annotations that set something of the configuration. */
export type TrafficKind = Exclude<
  AnnotationKind,
  "document" | "number" | "duration" | "text" | "list" | "pairs" | "json" | "yaml"
>;

/**
 * How each kind is read on the node: kinder than Kuma 2.9 (see `configFromAnnotations`), so that no pod that was
 * injected cannot start. Undefined is a value that says nothing, and means what an absent one does.
 */
export const NODE_READERS: Readonly<
  Record<TrafficKind, (text: string) => SettingValue | undefined>
> = {
  "switch": parseSwitch,
  "packet switch": lenientSwitch,
  gateway: parseGateway,
  user: parseUser,
  family: parseFamily,
  port: parsePort,
  "port or default": (text) => parsePortOrNone(text) || undefined,
  "port or none": parsePortOrNone,
  ports: parsePorts,
  addresses: parseIps,
  uids: (text) => parseUids(text),
  "tcp uids": (text) => parseUids(text, "tcp"),
  "udp uids": (text) => parseUids(text, "udp"),
};

/** A user's name or UID. An empty text is the default user, as in Kuma 2.9, which looks at it no further. */
function parseUser(text: string): string {
  return text.trim() === "" ? "" : isUserName(text) ? text : String(parseUid(text));
}

/** An IP family mode; unlike on the command line the empty text is none. Throws `KUMA-TP-010`. */
function parseFamily(text: string): IpFamilyMode {
  if (text.trim() === "") throw refused("KUMA-TP-010", "the value is empty");
  return parseIpFamilyMode(text);
}

/**
 * The switches about invalid packets and logs, whose wrong values the injector of Kuma 2.9 takes for "off":
 * undefined for a value that says nothing.
 */
export function lenientSwitch(text: string): boolean | undefined {
  try {
    return parseSwitch(text);
  } catch {
    return undefined;
  }
}

/** The warning about a switch that {@linkcode lenientSwitch} does not understand. */
export function meaningless(name: string, text: string): string {
  return `annotation ${name} is off: '${shown(text)}' says nothing, use true or false`;
}

/** A delegated gateway says `enabled` or `provided`; both mean that nothing inbound is redirected. */
function parseGateway(text: string): boolean {
  return text.trim().toLowerCase() === "provided" || parseSwitch(text);
}

/** A port, or 0 for none. Throws `KUMA-TP-001`. */
function parsePortOrNone(text: string): number {
  const port = decimal(text.trim(), MAX_PORT);
  if (port === undefined) {
    throw refused(
      "KUMA-TP-001",
      `value '${shown(text)}' is not a port from 0 (none) to ${MAX_PORT}`,
    );
  }
  return port;
}

/** A comma list of addresses and CIDRs, trimmed; empty for none. Throws `KUMA-TP-005`. */
function parseIps(text: string): string[] {
  const pieces = text.split(",").map((piece) => piece.trim()).filter((piece) => piece !== "");
  return pieces.flatMap((piece) => parseIpExclusion(piece).map((prefix) => prefix.text));
}

/**
 * Items between semicolons; for one protocol they are `[ports:]uids`, else `[[protocols:]ports:]uids`.
 * Returns them in the longer form. Throws `KUMA-TP-003` for an item that is neither.
 */
function parseUids(text: string, protocol?: "tcp" | "udp"): string[] {
  const items = text.split(";").map((item) => item.trim()).filter((item) => item !== "");
  return items.map((item) => {
    const full = protocol === undefined ? item : withProtocol(item, protocol);
    parseUidExclusion(full);
    return full;
  });
}

function withProtocol(item: string, protocol: "tcp" | "udp"): string {
  switch (item.split(":").length) {
    case 1:
      return `${protocol}:*:${item}`;
    case 2:
      return `${protocol}:${item}`;
    default:
      throw refused(
        "KUMA-TP-003",
        `invalid UID exclusion: '${shown(item)}'`,
        "the expected form is '[ports:]uids'",
      );
  }
}

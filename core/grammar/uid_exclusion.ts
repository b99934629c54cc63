import type { NumberRange, UidExclusion } from "core/proxy/resolved.ts";
import { refused, shown } from "./echo.ts";
import { parseRange, parseRanges } from "./ranges.ts";

type Protocol = UidExclusion["protocol"];

const FORM = "the expected form is '[[protocols:]ports:]uids'";
const ALL_PORTS: readonly NumberRange[] = [{ from: 1, to: 65_535 }];

/**
 * Reads `[[protocols:]ports:]uids`: `1234`, `22:1234`, `tcp:22,80-90:1000-2000`, `*:53:1234`.
 * Gives one exclusion a protocol, in the order given.
 *
 * Kuma 2.9 lets an empty uids part through, which excludes the ports for *every* user; it is refused.
 *
 * @throws KumaError `KUMA-TP-003` for the form, `KUMA-TP-002` for ports, `KUMA-TP-004` for UIDs.
 */
export function parseUidExclusion(text: string): UidExclusion[] {
  const parts = text.split(":").map((part) => part.trim());
  if (parts.length > 3) {
    throw refused(
      "KUMA-TP-003",
      `invalid UID exclusion: '${shown(text)}' has too many parts`,
      FORM,
    );
  }
  const uids = parseUids(parts.at(-1) ?? "", text);
  const ports = parsePortPart(parts.at(-2) ?? "");
  return parseProtocols(parts.at(-3) ?? "").map((protocol) => ({ protocol, ports, uids }));
}

function parseUids(text: string, whole: string): NumberRange {
  if (text === "") {
    throw refused(
      "KUMA-TP-003",
      `invalid UID entry: '${
        shown(whole)
      }' names no UID, it would exclude the traffic of every user`,
      FORM,
    );
  }
  if (text === "*") throw refused("KUMA-TP-003", "wildcard '*' is not allowed for UIDs");
  if (text.includes(",")) {
    throw refused(
      "KUMA-TP-003",
      `invalid UID entry: '${shown(text)}'. It should either be a single item or a range`,
    );
  }
  return parseRange(text, "UID");
}

function parsePortPart(text: string): readonly NumberRange[] {
  return text === "" || text === "*" ? ALL_PORTS : parseRanges(text, "port");
}

function parseProtocols(text: string): Protocol[] {
  if (text === "" || text === "*") return ["tcp", "udp"];
  return text.split(",").map((item) => {
    const name = item.trim().toLowerCase();
    if (name !== "tcp" && name !== "udp") {
      throw refused("KUMA-TP-003", `invalid or unsupported protocol: '${shown(item)}'`);
    }
    return name;
  });
}

/**
 * From a pod's annotations to its transparent-proxy configuration, as the CNI plugin needs it.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { ANNOTATIONS } from "../kube/annotations.ts";
import { defaultConfig, type TransparentProxyConfig } from "./config.ts";
import { MAX_DOCUMENT, parseDocument } from "./document.ts";
import { parseIpExclusion } from "./grammar/address.ts";
import { prefixed, refused, shown } from "./grammar/echo.ts";
import { parseIpFamilyMode } from "./grammar/names.ts";
import { decimal, MAX_PORT, parseUid } from "./grammar/numbers.ts";
import { parsePort, parsePorts } from "./grammar/ports.ts";
import { parseSwitch } from "./grammar/switches.ts";
import { parseUidExclusion } from "./grammar/uid_exclusion.ts";
import { resolveConfig, sidecarUid } from "./resolve.ts";
import { mergeSources } from "./sources.ts";

/** Annotations of a pod, as the API server gives them. */
export type Annotations = Readonly<Record<string, string>>;

/** What the annotations ask for, and what was ignored. */
export interface AnnotatedConfig {
  readonly config: TransparentProxyConfig;
  readonly warnings: readonly string[];
}

/** Port that is excluded in both directions where the annotation is absent: Envoy's admin port. */
const DEFAULT_EXCLUDED_PORT = 9901;
/** Port of the application probe proxy where the annotation is absent. */
const DEFAULT_PROBE_PROXY_PORT = 9001;

/**
 * Reads the configuration of an injected pod: the annotation `traffic.kuma.io/transparent-proxy-config`
 * where it is not empty, else the single annotations. Every value is checked, `cniMode` is always on, and
 * what comes back is known to pass `resolveConfig`.
 *
 * Kinder than Kuma 2.9: switches also take `yes` and `no`, the gateway also `provided`; blanks around
 * items are trimmed; an empty list means none; `ipv6` works; the older annotations for TCP and UDP alone
 * are read beside the newer one.
 *
 * @throws KumaError `KUMA-TP-022` that names the annotation and shows at most 60 characters of its value.
 */
export async function configFromAnnotations(annotations: Annotations): Promise<AnnotatedConfig> {
  const own = new Map(Object.entries(annotations));
  const whole = own.get(ANNOTATIONS.transparentProxyConfig) ?? "";
  return whole.trim() === "" ? fromSingle(own) : await fromDocument(whole);
}

async function fromDocument(text: string): Promise<AnnotatedConfig> {
  const name = ANNOTATIONS.transparentProxyConfig;
  try {
    const parsed = await parseDocument(text, name);
    const { config } = mergeSources({ name, parsed }, {});
    config.cniMode = true;
    const warnings = [...parsed.warnings];
    resolveConfig(config, sidecarUid(config), (warning) => warnings.push(`${name}: ${warning}`));
    return { config, warnings };
  } catch (thrown) {
    throw badAnnotation(name, thrown);
  }
}

function fromSingle(annotations: ReadonlyMap<string, string>): AnnotatedConfig {
  const read = <T>(name: string, absent: T, parse: (text: string) => T): T => {
    const text = annotations.get(name);
    if (text === undefined) return absent;
    try {
      if (text.length > MAX_DOCUMENT) {
        throw refused(
          "KUMA-TP-022",
          `the value has ${text.length} characters, at most ${MAX_DOCUMENT} are read`,
        );
      }
      return parse(text);
    } catch (thrown) {
      throw badAnnotation(name, thrown);
    }
  };
  const config = defaultConfig();
  const { inbound, outbound, dns } = config.redirect;
  const names = ANNOTATIONS;

  config.cniMode = true;
  config.verbose = true;
  config.kumaDPUser = read(names.sidecarUid, "", (text) => String(parseUid(text)));
  config.ipFamilyMode = read(
    names.transparentProxyingIpFamilyMode,
    config.ipFamilyMode,
    parseFamily,
  );
  config.dropInvalidPackets = read(names.dropInvalidPackets, false, parseSwitch);
  config.log.enabled = read(names.iptablesLogs, false, parseSwitch);

  outbound.port = read(names.transparentProxyingOutboundPort, outbound.port, parsePort);
  outbound.excludePorts = read(names.excludeOutboundPorts, [DEFAULT_EXCLUDED_PORT], parsePorts);
  outbound.excludePortsForIPs = read(names.excludeOutboundIps, [], parseIps);
  outbound.excludePortsForUIDs = [
    ...read(names.excludeOutboundPortsForUids, [], (text) => parseUids(text)),
    ...read(names.excludeOutboundTcpPortsForUids, [], (text) => parseUids(text, "tcp")),
    ...read(names.excludeOutboundUdpPortsForUids, [], (text) => parseUids(text, "udp")),
  ];

  inbound.enabled = !read(names.gateway, false, parseGateway);
  inbound.port = read(names.transparentProxyingInboundPort, inbound.port, parsePort);
  const excluded = read(names.excludeInboundPorts, [DEFAULT_EXCLUDED_PORT], parsePorts);
  const probes = read(names.applicationProbeProxyPort, DEFAULT_PROBE_PROXY_PORT, parsePortOrNone);
  const addresses = read(names.excludeInboundIps, [], parseIps);
  // A gateway's inbound is left alone altogether; the exclusions would only be noise.
  inbound.excludePorts = !inbound.enabled || probes === 0 || excluded.includes(probes)
    ? inbound.enabled ? excluded : []
    : [...excluded, probes];
  inbound.excludePortsForIPs = inbound.enabled ? addresses : [];

  dns.enabled = read(names.builtinDns, false, parseSwitch);
  dns.captureAll = dns.enabled;
  dns.port = read(names.builtinDnsPort, dns.port, parsePort);
  return { config, warnings: [] };
}

function parseFamily(text: string): TransparentProxyConfig["ipFamilyMode"] {
  if (text.trim() === "") throw refused("KUMA-TP-010", "the value is empty");
  return parseIpFamilyMode(text);
}

/** A delegated gateway says `enabled` or `provided`; both mean that nothing inbound is redirected. */
function parseGateway(text: string): boolean {
  return text.trim().toLowerCase() === "provided" || parseSwitch(text);
}

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

function parseIps(text: string): string[] {
  const pieces = text.split(",").map((piece) => piece.trim()).filter((piece) => piece !== "");
  return pieces.flatMap((piece) => parseIpExclusion(piece).map((prefix) => prefix.text));
}

/**
 * Items between semicolons; for one protocol they are `[ports:]uids`, else `[[protocols:]ports:]uids`.
 * Returns them in the longer form. Throws `KUMA-TP-003` for an item that is neither.
 */
export function parseUids(text: string, protocol?: "tcp" | "udp"): string[] {
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

function badAnnotation(name: string, thrown: unknown): unknown {
  if (!(thrown instanceof KumaError)) return thrown;
  const withName = thrown.message.startsWith(name)
    ? thrown
    : prefixed(`annotation '${name}': `, thrown);
  const message = withName instanceof KumaError ? withName.message : thrown.message;
  const hint = thrown.hint === undefined ? {} : { hint: thrown.hint };
  return new KumaError("KUMA-TP-022", message, { ...hint, cause: thrown });
}

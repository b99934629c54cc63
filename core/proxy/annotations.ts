/**
 * From a pod's annotations to its transparent-proxy configuration, as the CNI plugin needs it.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { ANNOTATIONS } from "../kube/annotations.ts";
import {
  DEFAULT_KUMA_DP_UID,
  defaultConfig,
  type DnsConfig,
  type TrafficConfig,
  type TransparentProxyConfig,
} from "./config.ts";
import {
  lenientSwitch,
  meaningless,
  parseFamily,
  parseGateway,
  parseIps,
  parsePortOrNone,
  parseUids,
} from "./annotation_values.ts";
import { MAX_DOCUMENT, parseDocument } from "./document.ts";
import { prefixed, refused } from "core/grammar/echo.ts";
import { parseUid } from "core/grammar/numbers.ts";
import { parsePort, parsePorts } from "core/grammar/ports.ts";
import { parseSwitch } from "core/grammar/switches.ts";
import { isUserName, resolveConfig, sidecarUid } from "./resolve.ts";
import { mergeSources } from "./sources.ts";

export { parseUids } from "./annotation_values.ts";

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
 * are read beside the newer one; a switch that the injector of Kuma 2.9 takes for "off" whatever it says is off,
 * with a warning.
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
    // A name is looked up where the rules are made; which user it is decides about nothing else.
    const uid = isUserName(config.kumaDPUser) ? DEFAULT_KUMA_DP_UID : sidecarUid(config);
    resolveConfig(config, uid, (warning) => warnings.push(`${name}: ${warning}`));
    return { config, warnings };
  } catch (thrown) {
    throw badAnnotation(name, thrown);
  }
}

/** Looks single annotations up; an error names the annotation. */
class AnnotationReader {
  readonly #annotations: ReadonlyMap<string, string>;

  constructor(annotations: ReadonlyMap<string, string>) {
    this.#annotations = annotations;
  }

  /** The parsed value, or `absent` where the pod has no such annotation. */
  read<T>(name: string, absent: T, parse: (text: string) => T): T {
    const text = this.#annotations.get(name);
    if (text === undefined) return absent;
    try {
      if (text.length <= MAX_DOCUMENT) return parse(text);
      throw refused(
        "KUMA-TP-022",
        `the value has ${text.length} characters, at most ${MAX_DOCUMENT} are read`,
      );
    } catch (thrown) {
      throw badAnnotation(name, thrown);
    }
  }
}

function fromSingle(annotations: ReadonlyMap<string, string>): AnnotatedConfig {
  const reader = new AnnotationReader(annotations);
  const config = defaultConfig();
  config.cniMode = true;
  config.verbose = true;
  // An empty text is the default user, as in Kuma 2.9, which looks at it no further.
  config.kumaDPUser = reader.read(
    ANNOTATIONS.sidecarUid,
    "",
    (text) => text.trim() === "" ? "" : isUserName(text) ? text : String(parseUid(text)),
  );
  config.ipFamilyMode = reader.read(
    ANNOTATIONS.transparentProxyingIpFamilyMode,
    config.ipFamilyMode,
    parseFamily,
  );
  const warnings: string[] = [];
  const packetSwitch = (name: string) =>
    reader.read(name, false, (text) => {
      const value = lenientSwitch(text);
      if (value === undefined) warnings.push(meaningless(name, text));
      return value ?? false;
    });
  config.dropInvalidPackets = packetSwitch(ANNOTATIONS.dropInvalidPackets);
  config.log.enabled = packetSwitch(ANNOTATIONS.iptablesLogs);
  readOutbound(reader, config.redirect.outbound);
  readInbound(reader, config.redirect.inbound);
  readDns(reader, config.redirect.dns);
  return { config, warnings };
}

function readOutbound(reader: AnnotationReader, outbound: TrafficConfig): void {
  const names = ANNOTATIONS;
  outbound.port = reader.read(names.transparentProxyingOutboundPort, outbound.port, parsePort);
  outbound.excludePorts = reader.read(
    names.excludeOutboundPorts,
    [DEFAULT_EXCLUDED_PORT],
    parsePorts,
  );
  outbound.excludePortsForIPs = reader.read(names.excludeOutboundIps, [], parseIps);
  outbound.excludePortsForUIDs = [
    ...reader.read(names.excludeOutboundPortsForUids, [], (text) => parseUids(text)),
    ...reader.read(names.excludeOutboundTcpPortsForUids, [], (text) => parseUids(text, "tcp")),
    ...reader.read(names.excludeOutboundUdpPortsForUids, [], (text) => parseUids(text, "udp")),
  ];
}

function readInbound(reader: AnnotationReader, inbound: TrafficConfig): void {
  const names = ANNOTATIONS;
  inbound.enabled = !reader.read(names.gateway, false, parseGateway);
  // A gateway's inbound is left alone altogether, and what its annotations say of it is not looked at.
  if (!inbound.enabled) return;
  inbound.port = reader.read(names.transparentProxyingInboundPort, inbound.port, parsePort);
  const ports = reader.read(names.excludeInboundPorts, [DEFAULT_EXCLUDED_PORT], parsePorts);
  const probes = reader.read(
    names.applicationProbeProxyPort,
    DEFAULT_PROBE_PROXY_PORT,
    parsePortOrNone,
  );
  const addresses = reader.read(names.excludeInboundIps, [], parseIps);
  inbound.excludePorts = probes === 0 || ports.includes(probes) ? ports : [...ports, probes];
  inbound.excludePortsForIPs = addresses;
}

function readDns(reader: AnnotationReader, dns: DnsConfig): void {
  dns.enabled = reader.read(ANNOTATIONS.builtinDns, false, parseSwitch);
  dns.captureAll = dns.enabled;
  dns.port = reader.read(ANNOTATIONS.builtinDnsPort, dns.port, parsePort);
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

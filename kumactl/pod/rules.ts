/**
 * The rules of a pod, shown by what they do to the connections that people ask about.
 *
 * @module
 */
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { defaultOf, SETTINGS, valueOf } from "core/proxy/options.ts";
import { isUserName, resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import type { Family } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import { explainPacket } from "core/rules/explain.ts";
import type { Packet } from "core/rules/packet.ts";
import type { RulePacket, RuleSetting, RulesPart } from "./document.ts";

/** Addresses for documentation (RFC 5737, RFC 3849): nobody's rules are likely to name them. */
const SOMEWHERE: Readonly<Record<Family, string>> = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" };
const EPHEMERAL = 40_000;
/** Ports of a pod that are shown at most. */
const MOST_PORTS = 12;

/** The configuration of a pod, and where its settings come from. */
export interface Configured {
  readonly config: TransparentProxyConfig;
  readonly sourceOf: (key: string) => string;
}

/** Builds the pod's rules and sends packets through them. A node that can do all that the rules may need is assumed. */
export function explainRules(pod: JsonObject, { config, sourceOf }: Configured): RulesPart {
  const named = isUserName(config.kumaDPUser);
  const uid = named ? Number(sidecarUid({ ...config, kumaDPUser: "" })) : sidecarUid(config);
  const family: Family = config.ipFamilyMode === "ipv6" ? "ipv6" : "ipv4";
  const resolved = { ...resolveConfig(config, uid, () => {}), comments: true };
  const ruleset = buildRuleset(resolved, {
    family,
    loopback: "lo",
    dnsServers: resolved.dns.enabled ? [SOMEWHERE[family]] : [],
    comments: true,
    conntrackZones: true,
    mangle: true,
    dockerOutput: false,
  });
  const packets = samples(pod, family, uid).map(([packet, one]): RulePacket => {
    const { outcome, port, steps } = explainPacket(ruleset, one);
    const last = steps.at(-1);
    return {
      packet,
      outcome,
      ...(port === undefined ? {} : { port }),
      ...(last === undefined ? {} : { why: last.why, rule: `${last.chain} ${last.rule}` }),
    };
  });
  return { settings: changed(config, sourceOf), packets };
}

function changed(config: TransparentProxyConfig, sourceOf: Configured["sourceOf"]): RuleSetting[] {
  return SETTINGS.flatMap((setting) => {
    const value = valueOf(config, setting);
    const text = JSON.stringify(value ?? null);
    if (text === JSON.stringify(defaultOf(setting) ?? null) || HOW.includes(setting.key)) return [];
    return [{ key: setting.key, value: shownValue(value), source: sourceOf(setting.key) }];
  });
}

/** That the plugin makes the rules says no rule. */
const HOW = ["cniMode", "verbose"];

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function samples(pod: JsonObject, family: Family, uid: number): [string, Packet][] {
  const somewhere = SOMEWHERE[family];
  const base = { family, source: somewhere, destination: somewhere, sourcePort: EPHEMERAL };
  const inbound = portsOf(pod).map(({ port, container }): [string, Packet] => [
    `TCP in to port ${port} (${container})`,
    {
      ...base,
      hook: "prerouting",
      protocol: "tcp",
      destinationPort: port,
      iface: "eth0",
      uid: undefined,
    },
  ]);
  const out = (
    what: string,
    user: number,
    port: number,
    protocol: "tcp" | "udp",
  ): [string, Packet] => [
    what,
    { ...base, hook: "output", protocol, destinationPort: port, iface: "eth0", uid: user },
  ];
  const user = userOf(pod, uid);
  return [
    ...inbound,
    out("TCP out to port 80", user, 80, "tcp"),
    out("DNS out, UDP port 53", user, 53, "udp"),
    out(`TCP out of the sidecar (user ${uid})`, uid, 80, "tcp"),
  ];
}

function portsOf({ spec }: JsonObject): { port: number; container: string }[] {
  const containers = isObject(spec) ? objectsIn(spec.containers) : [];
  return containers.filter(({ name }) => name !== CONTAINERS.sidecar).flatMap((container) =>
    objectsIn(container.ports).flatMap(({ containerPort, protocol = "TCP" }) =>
      typeof containerPort === "number" && protocol === "TCP"
        ? [{ port: containerPort, container: String(container.name) }]
        : []
    )
  ).slice(0, MOST_PORTS);
}

/** The first user that a container of the application says, else root: any but the sidecar's fares the same. */
function userOf({ spec }: JsonObject, sidecar: number): number {
  const containers = isObject(spec) ? objectsIn(spec.containers) : [];
  const users = [spec, ...containers.filter(({ name }) => name !== CONTAINERS.sidecar)]
    .map((one) =>
      isObject(one) && isObject(one.securityContext) ? one.securityContext.runAsUser : undefined
    );
  return users.find((one): one is number => typeof one === "number" && one !== sidecar) ?? 0;
}

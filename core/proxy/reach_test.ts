import assert from "node:assert/strict";
import { podEntries, unsupported } from "core/bpf/entries.ts";
import { buildRuleset } from "../rules/build.ts";
import { exampleFacts } from "../rules/testing/examples.ts";
import { defaultConfig, type TransparentProxyConfig } from "./config.ts";
import { SETTINGS, valueOf } from "./options.ts";
import { resolveConfig, sidecarUid } from "./resolve.ts";
import { applyFlags, environmentNames, flagNames, mergeSources } from "./sources.ts";
import { otherText } from "./testing/settings.ts";

/** What must be on for a setting to count. */
const NEEDS: Readonly<Record<string, (config: TransparentProxyConfig) => void>> = {
  "redirect.dns.": ({ redirect }) => redirect.dns.enabled = true,
  "log.level": ({ log }) => log.enabled = true,
};

/** Settings that decide how and whether rules are put in place, not which; and the file that goes by each. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "redirect.dns.resolvConfigPath": "core/host/transparent_proxy/facts.ts",
  "ipFamilyMode": "core/host/transparent_proxy/prepare.ts",
  "wait": "core/host/transparent_proxy/session.ts",
  "waitInterval": "core/host/transparent_proxy/session.ts",
  "retry": "core/host/transparent_proxy/session.ts",
  "iptablesExecutables": "core/host/transparent_proxy/plan.ts",
  "firewallBackend": "core/host/transparent_proxy/backend.ts",
  "storeFirewalld": "core/host/transparent_proxy/install_iptables.ts",
  "cniMode": "core/host/transparent_proxy/install_iptables.ts",
  "dryRun": "core/host/transparent_proxy/install.ts",
  "verbose": "core/host/transparent_proxy/dry_run.ts",
  "ebpf.enabled": "kumactl/install_transparent_proxy.ts",
  "ebpf.bpffsPath": "core/host/bpf/install.ts",
  "ebpf.cgroupPath": "core/host/bpf/install.ts",
  "ebpf.fallback": "kumactl/ebpf.ts",
  "ebpf.instanceIP": "core/host/bpf/install.ts",
};
/** What only rules have: eBPF has no comments, logs, chains and conntrack zones. */
const OF_RULES = [
  "comments.disabled",
  "log.level",
  "redirect.dns.skipConntrackZoneSplit",
  ...["inbound", "outbound"].flatMap((direction) =>
    ["chainName", "redirectChainName"].map((name) => `redirect.${direction}.${name}`)
  ),
];
/** Taken and without effect: what only Kuma 2.9's eBPF needs, and owners of packets that have none. */
const TAKEN_ONLY = [
  "redirect.inbound.excludePortsForUIDs",
  "ebpf.instanceIPEnvVarName",
  "ebpf.programsSourcePath",
  "ebpf.tcAttachIface",
];

/** Every rule of both families, as text. */
function rulesOf(config: TransparentProxyConfig): string {
  const resolved = resolveConfig(config, sidecarUid(config));
  return JSON.stringify(
    (["ipv4", "ipv6"] as const).map((family) => buildRuleset(resolved, exampleFacts(family))),
  );
}

/** What the eBPF programs go by, and in words what they cannot do, as text. */
function mapsOf(config: TransparentProxyConfig): string {
  const uid = sidecarUid(config);
  const resolved = resolveConfig(config, uid);
  const facts = {
    ...{ netns: 1n, generation: 1, sidecarUid: uid, eventMask: 0 },
    ...{ addresses: [], dnsServers: ["10.0.0.10"], forwards: false, accelerate: false },
  };
  const { pods, ...others } = podEntries(resolved, facts);
  return JSON.stringify([unsupported(resolved), [...pods.value], others]);
}

for (const setting of SETTINGS) {
  Deno.test(`every flag and variable of ${setting.key} reaches its field, and that a rule`, () => {
    const before = defaultConfig();
    const field = (config: TransparentProxyConfig) => valueOf(config, setting);
    const text = otherText(setting);
    const reached = [
      ...flagNames(setting).map((flag) =>
        applyFlags({ config: before, provenance: new Map() }, [{ flag, value: text }])
      ),
      ...environmentNames(setting).map((name) => mergeSources(undefined, { [name]: text })),
    ];
    for (const { config, provenance } of reached) {
      assert.notDeepEqual(field(config), field(before));
      assert.ok(provenance.has(setting.key));
    }
    const after = reached[0]?.config;
    if (after === undefined) {
      return assert.ok(setting.inDocument !== false, "nothing at all sets it");
    }
    for (const [start, turnOn] of Object.entries(NEEDS)) {
      if (setting.key.startsWith(start) && setting.key !== "redirect.dns.enabled") {
        [before, after].forEach(turnOn);
      }
    }
    if (TAKEN_ONLY.includes(setting.key)) return;
    const isOf = (group: string) => setting.key === group || setting.key.startsWith(`${group}.`);
    const [group, file] = Object.entries(ELSEWHERE).find(([key]) => isOf(key)) ?? [];
    if (group === undefined || file === undefined) {
      assert.notEqual(rulesOf(after), rulesOf(before));
      const reached = mapsOf(after) !== mapsOf(before);
      assert.equal(reached, !OF_RULES.includes(setting.key), "as its rules, so by eBPF");
    } else {assert.match(
        Deno.readTextFileSync(file),
        new RegExp(`\\b${group.split(".").at(-1)}\\b`),
      );}
  });
}

/**
 * The transparent proxy of the network namespace that this process is in, by eBPF: what kumactl does on a host and in
 * an init container, where the first pod of a node loads the programs for all of them.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { unsupported } from "core/bpf/entries.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES, type Family, type ResolvedConfig } from "core/proxy/resolved.ts";
import { VERSION } from "core/version.ts";
import { dnsServersOf } from "../transparent_proxy/facts.ts";
import type { HostChange } from "../transparent_proxy/host_change.ts";
import type { HostReport } from "../transparent_proxy/options.ts";
import { currentPrivileges } from "../privileges.ts";
import { hasUsableIpv6 } from "../interfaces.ts";
import { resolved } from "../transparent_proxy/prepare.ts";
import { FILE_SYSTEMS, fileSystemAt } from "./bpffs.ts";
import { type BpfObjects, embeddedObjects } from "./embedded.ts";
import { untilDetached } from "./links.ts";
import { alone } from "./lock.ts";
import { inspectNetns, netnsCookieOf } from "./netns_view.ts";
import { load, nodeRecord, unload } from "./node.ts";
import { Pins } from "./pins.ts";
import { OWN_NETNS, wordsOf } from "./planned.ts";
import { isRootCgroup, preflight, requireAll } from "./preflight.ts";
import { forgetPod, keepPod, podOwners } from "./pods.ts";
import { Records } from "./records.ts";
import { status } from "./status.ts";

/** What was done. */
export type BpfReport = Pick<
  HostReport,
  "changed" | "changes" | "families" | "ipv6Skipped" | "dnsServers" | "children" | "durations"
>;

/** What an installation may be told. */
export interface BpfInstallOptions {
  readonly logger: Logger;
  /** Takes what a dry run would do, as text for standard output. */
  readonly print?: (text: string) => void;
  readonly passwd?: string;
  /** Other objects than those of the compiled program, for tests. */
  readonly objects?: BpfObjects;
}

/**
 * Redirects the connections of this namespace; a second call with another document puts that in force.
 *
 * @throws {KumaError} `KUMA-TP-024` where this node cannot do it, and nothing was changed; as {@linkcode keepPod} does.
 */
export async function installBpf(
  document: TransparentProxyConfig,
  options: BpfInstallOptions,
): Promise<BpfReport> {
  const { logger } = options;
  const started = performance.now();
  const config = resolved(document, options, options.passwd);
  for (const words of unsupported(config)) logger.warn(`not by eBPF: ${words}`);
  if (document.storeFirewalld) logger.warn("eBPF programs cannot be stored in firewalld");
  if (document.ebpf.tcAttachIface !== "") {
    logger.warn("--ebpf-tc-attach-iface is ignored: all interfaces but loopback have a program");
  }
  const dnsServers: Partial<Record<Family, string[]>> = {};
  for (const family of FAMILIES) dnsServers[family] = dnsServersOf(config, family, logger);
  const servers = Object.values(dnsServers).flat();
  const changes = document.dryRun ? await show(document, config, servers, options) : [];
  if (!document.dryRun) await install(document, config, servers, options);
  return {
    changed: !document.dryRun || changes.length > 0,
    changes,
    families: familiesOf(config),
    ipv6Skipped: undefined,
    dnsServers,
    children: 0,
    durations: { load: performance.now() - started },
  };
}

async function install(
  { ebpf }: TransparentProxyConfig,
  config: ResolvedConfig,
  dnsServers: readonly string[],
  { logger, objects = embeddedObjects() }: BpfInstallOptions,
): Promise<void> {
  const pins = new Pins(ebpf.bpffsPath);
  const cgroup = requireNode({ bpffs: ebpf.bpffsPath, cgroup: ebpf.cgroupPath, mountBpffs: true });
  if (!isRootCgroup(cgroup)) {
    logger.warn(`${cgroup} is no root cgroup: what runs elsewhere is not redirected`);
  }
  await alone(pins, () => {
    if (isDue(pins)) {
      const { pods } = load({
        pins,
        cgroup,
        accelerate: nodeRecord(pins)?.accelerate ?? false,
        object: objects.node,
        pod: objects.pod,
      });
      for (const line of pods.failed) logger.warn(line);
    }
    keepPod({ pins, pod: objects.pod }, {
      name: ebpf.instanceIP,
      netns: `/proc/${Deno.pid}/ns/net`,
      config,
      sidecarUid: config.uid,
      dnsServers,
      eventMask: 0,
      accelerate: false,
    });
  });
}

/** Pods of several versions start side by side: the newest one's programs stay, unless something is wrong with them. */
function isDue(pins: Pins): boolean {
  const { node, problems } = status(pins);
  return node === undefined || problems.length > 0 || isOlder(node.version, VERSION);
}

/** Whether version `a` such as `1.9.0` came before `b`. */
export function isOlder(a: string, b: string): boolean {
  const [left = [], right = []] = [a, b].map((text) => text.split(/[.-]/).map(Number));
  for (const [at, number] of right.entries()) {
    if ((left[at] ?? 0) !== number) return (left[at] ?? 0) < number;
  }
  return false;
}

/** As {@linkcode requireAll}, with all that is missing in one error. */
function requireNode(options: Parameters<typeof requireAll>[0]): string {
  try {
    return requireAll(options);
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    throw unable(error.errors as KumaError[]);
  }
}

/** The same, and nothing is mounted: that a file system for the programs would be is no obstacle. */
function lookAtNode({ ebpf }: TransparentProxyConfig): string {
  const place = { bpffs: ebpf.bpffsPath, cgroup: ebpf.cgroupPath, mountBpffs: false };
  const { findings, cgroup } = preflight(place);
  const lacking = findings.filter(({ about }) => about !== "BPF file system")
    .flatMap(({ lacks }) => lacks ?? []);
  if (lacking.length > 0 || cgroup === undefined) throw unable(lacking);
  return cgroup;
}

function unable(lacking: readonly KumaError[]): KumaError {
  return new KumaError(
    "KUMA-TP-024",
    `eBPF cannot be used here: ${lacking.map(({ line }) => line).join("; ")}`,
    { hint: "nothing was changed; --ebpf-fallback uses firewall rules then", cause: lacking[0] },
  );
}

async function show(
  document: TransparentProxyConfig,
  config: ResolvedConfig,
  dnsServers: readonly string[],
  { print }: BpfInstallOptions,
): Promise<HostChange[]> {
  const { ebpf } = document;
  // Who may not change anything is shown what would be written, and not what is there.
  const blind = !currentPrivileges().has("CAP_NET_ADMIN");
  const cgroup = blind ? ebpf.cgroupPath : lookAtNode(document);
  const view = inspectNetns(OWN_NETNS);
  const words = wordsOf(config, dnsServers, view);
  const interfaces = view.interfaces.map(({ name }) => name).join(", ") || "none";
  print?.([
    `# eBPF programs would be attached to the cgroup at ${ebpf.cgroupPath}, to this network namespace and`,
    `# to its interfaces (${interfaces}), and pinned below ${ebpf.bpffsPath}/kuma`,
    ...words,
    "",
  ].join("\n"));
  if (blind) return [];
  const { bpfInstallation } = await import("./changes.ts");
  return bpfInstallation({
    bpffs: ebpf.bpffsPath,
    cgroup,
    words,
    interfaces: view.interfaces.map(({ name }) => name),
    load: fileSystemAt(ebpf.bpffsPath) !== FILE_SYSTEMS.bpf || isDue(new Pins(ebpf.bpffsPath)),
    ipv6: hasUsableIpv6(),
  });
}

function familiesOf({ ipFamilyMode }: ResolvedConfig): readonly Family[] {
  return ipFamilyMode === "dualstack" ? FAMILIES : [ipFamilyMode as Family];
}

/**
 * Leaves the connections of this namespace alone again; where it was the last one on the node, programs and maps go.
 *
 * @returns whether there was anything
 * @throws {KumaError} as the maps and links do
 */
export async function uninstallBpf(bpffs: string): Promise<boolean> {
  // Only there can anything of ours be.
  if (fileSystemAt(bpffs) !== FILE_SYSTEMS.bpf) return false;
  const pins = new Pins(bpffs);
  const { changed, links } = await alone(pins, () => {
    const removed = forgetPod(pins, netnsCookieOf(OWN_NETNS));
    if (othersOn(pins)) return { changed: removed, links: [] };
    const unloaded = unload(pins);
    return { changed: removed || unloaded.changed, links: unloaded.links };
  });
  await untilDetached(links);
  return changed;
}

function othersOn(pins: Pins): boolean {
  using records = Records.pinned(pins);
  return records !== undefined && podOwners(records).length > 0;
}

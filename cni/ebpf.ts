/**
 * Interception by eBPF: the pod's entries in the maps of the node's programs, before any of its containers runs. The
 * programs themselves are loaded by kuma-ebpf-loader on each node; it also forgets pods that have gone, so DEL has
 * nothing to do.
 *
 * @module
 */
import { unsupported } from "core/bpf/entries.ts";
import { KumaError } from "core/errors.ts";
import { embeddedObjects } from "core/host/bpf/embedded.ts";
import { alone } from "core/host/bpf/lock.ts";
import { Pins } from "core/host/bpf/pins.ts";
import { keepPod } from "core/host/bpf/pods.ts";
import { status } from "core/host/bpf/status.ts";
import { dnsServersOf } from "core/host/transparent_proxy/facts.ts";
import type { Logger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { FAMILIES } from "core/proxy/resolved.ts";
import { resolveConfig, sidecarUid } from "core/proxy/resolve.ts";
import type { EbpfConf } from "core/cni/net_conf.ts";

/** Which pod, and where. */
export interface EbpfPod {
  /** `namespace/name`. */
  readonly name: string;
  /** Path of its network namespace. */
  readonly netns: string;
}

/** What says that this node, or this pod, cannot have it; with a fall-back, firewall rules are used then. */
const UNABLE: ReadonlySet<string> = new Set([
  "KUMA-BPF-010",
  "KUMA-BPF-012",
  "KUMA-BPF-014",
  "KUMA-BPF-015",
  "KUMA-BPF-016",
  "KUMA-BPF-018",
  "KUMA-BPF-019",
  "KUMA-BPF-020",
  "KUMA-BPF-024",
]);

/**
 * Puts the pod's configuration in force.
 *
 * @returns false where the node or the pod cannot have it, and the configuration asks for firewall rules then
 * @throws {KumaError} `KUMA-BPF-018` where the node's programs are not loaded (yet), and as `keepPod` does
 */
export async function addByEbpf(
  { bpffsPath, fallback }: EbpfConf,
  pod: EbpfPod,
  document: TransparentProxyConfig,
  log: Logger,
): Promise<boolean> {
  const uid = sidecarUid(document);
  const config = resolveConfig(document, uid, (warning) => log.warn(warning));
  for (const words of unsupported(config)) log.warn(`not by eBPF: ${words}`);
  const pins = new Pins(bpffsPath);
  try {
    const dnsServers = FAMILIES.flatMap((family) => dnsServersOf(config, family, log));
    await alone(pins, () =>
      keepPod({ pins, pod: embeddedObjects().pod }, {
        ...pod,
        config,
        sidecarUid: uid,
        dnsServers,
        eventMask: 0,
        accelerate: false,
      }));
    return true;
  } catch (error) {
    if (!fallback || !(error instanceof KumaError) || !UNABLE.has(error.code)) throw error;
    log.warn("firewall rules are used in place of eBPF", { code: error.code, error });
    return false;
  }
}

/** What is not as it should be, a line each; undefined where the pod is not redirected by eBPF at all. */
export function checkByEbpf({ bpffsPath }: EbpfConf, { name }: EbpfPod): string[] | undefined {
  const { problems, pods } = status(new Pins(bpffsPath));
  const pod = pods.find((one) => one.name === name);
  return pod === undefined ? undefined : [...problems, ...pod.problems];
}

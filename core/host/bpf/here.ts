/**
 * Whether the network namespace that the main thread is in is redirected by eBPF.
 *
 * @module
 */
import { holdsOurs } from "./bpffs.ts";
import { netnsCookie } from "./netns_cookie.ts";
import { Pins } from "./pins.ts";
import { type PodStatus, status } from "./status.ts";

/** What is in force here, and what of it is not as it should be. */
export interface BpfHere {
  /** Folder of the BPF file system in which it was found. */
  readonly bpffs: string;
  /** What the entries say, a line each. */
  readonly configuration: readonly string[];
  /** Interfaces with a program of ours at their ingress. */
  readonly interfaces: readonly string[];
  readonly problems: readonly string[];
  /** Connections by verdict. */
  readonly counters: ReadonlyMap<string, bigint>;
}

/**
 * Looks into these BPF file systems; undefined where none of them has this namespace. Changes nothing.
 *
 * @throws {KumaError} `KUMA-BPF-…` where there are programs, and the kernel does not tell about them.
 */
export function bpfHere(folders: readonly string[]): BpfHere | undefined {
  for (const bpffs of new Set(folders)) {
    if (!holdsOurs(bpffs)) continue;
    const pins = new Pins(bpffs);
    const node = status(pins);
    const own = node.node === undefined ? undefined : ownPod(node.pods);
    if (own === undefined) continue;
    const { configuration, problems, counters } = own;
    const interfaces = [...own.interfaces].flatMap(([name, attached]) => attached ? [name] : []);
    return {
      bpffs,
      configuration,
      interfaces,
      problems: [...node.problems, ...problems],
      counters,
    };
  }
  return undefined;
}

function ownPod(pods: readonly PodStatus[]): PodStatus | undefined {
  if (pods.length === 0) return undefined;
  const cookie = netnsCookie();
  return pods.find(({ netns }) => netns === cookie);
}

/**
 * A place for the BPF programs that is this process's own: a cgroup below the unified hierarchy, in which the process
 * itself is (so do its sockets belong to it), and a BPF file system that nobody else sees.
 *
 * @module
 */
import { type BpfObjects, useObjects } from "core/host/bpf/embedded.ts";
import {
  type Features,
  loadNode,
  type NodeOptions,
  unloadNode,
} from "core/host/bpf/node_programs.ts";
import { Pins } from "core/host/bpf/pins.ts";
import { addPod, type PodOptions, removePod } from "core/host/bpf/pod_programs.ts";
import { mount } from "core/host/libc.ts";
import { BPF_OBJECTS, compileBpf } from "build/bpf.ts";
import { usePrivateFiles } from "tests/support/traffic/private_files.ts";

const KUMA_DP_UID = 5678;
const BPFFS = "/sys/fs/bpf";

/** The objects, compiled once a process. */
export function compiledObjects(): Promise<BpfObjects> {
  return objects ??= compileAll();
}

async function compileAll(): Promise<BpfObjects> {
  const [node, pod, cookie] = await Promise.all(BPF_OBJECTS.map(compileBpf));
  const made = {
    node: Uint8Array.from(node!),
    pod: Uint8Array.from(pod!),
    cookie: Uint8Array.from(cookie!),
  };
  useObjects(made);
  return made;
}

let objects: Promise<BpfObjects> | undefined;

/** What differs from pod to pod in these tests. */
export type PodChoices =
  & Pick<PodOptions, "netns" | "config">
  & Partial<Pick<PodOptions, "dnsServers" | "eventMask" | "accelerate" | "reuse" | "sidecarUid">>;

/** The programs, loaded into a cgroup of our own. */
export class BpfNode implements Disposable {
  private constructor(
    readonly cgroup: string,
    readonly pins: Pins,
    private readonly objects: BpfObjects,
  ) {}

  /** Makes the place, and moves this process into the cgroup; loads nothing yet. */
  static async create(): Promise<BpfNode> {
    const objects = await compiledObjects();
    // From here on, mounts are this process's own.
    usePrivateFiles({});
    if (mount("bpf", BPFFS, "bpf", 0) < 0) throw new Error("cannot mount a BPF file system");
    const cgroup = `${unifiedRoot()}/kuma-ebpf-${Deno.pid}`;
    Deno.mkdirSync(cgroup, { recursive: true });
    Deno.writeTextFileSync(`${cgroup}/cgroup.procs`, `${Deno.pid}`);
    return new BpfNode(cgroup, new Pins(BPFFS), objects);
  }

  /** Loads the node's programs, or puts them in the place of former ones. */
  load(options: Partial<NodeOptions> = {}): Features {
    const { cgroup, pins, objects } = this;
    return loadNode({ object: objects.node, pins, cgroup, accelerate: false, ...options });
  }

  /** Adds a pod, or puts another configuration in force. */
  add(choices: PodChoices): bigint {
    return addPod({
      object: this.objects.pod,
      pins: this.pins,
      sidecarUid: KUMA_DP_UID,
      dnsServers: [],
      eventMask: 0,
      accelerate: false,
      ringBuffer: true,
      reuse: true,
      ...choices,
    });
  }

  /** Removes a pod; `netns` is its path where it is still there. */
  remove(cookie: bigint, netns?: string): void {
    removePod(this.pins, cookie, netns);
  }

  [Symbol.dispose](): void {
    unloadNode(this.pins);
    Deno.writeTextFileSync(`${unifiedRoot()}/cgroup.procs`, `${Deno.pid}`);
    Deno.removeSync(this.cgroup);
  }
}

/** Where version 2 of control groups is mounted. */
export function unifiedRoot(): string {
  const text = Deno.readTextFileSync("/proc/self/mountinfo");
  const line = text.split("\n").find((candidate) => / - cgroup2 /.test(candidate));
  const path = line?.split(" ")[4];
  if (path === undefined) throw new Error("no control groups of version 2 are mounted");
  return path;
}

/**
 * The compiled kuma-ebpf-loader with a place of its own: a BPF file system that nobody else sees, a cgroup below the
 * unified hierarchy in which this process is, and a pod with an interface.
 *
 * @module
 */
import { mount } from "core/host/libc.ts";
import { addDefaultRoute, joinNamespaces } from "tests/support/traffic/namespaces.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { checkedDocument } from "tests/support/documents.ts";
import { type Finished, must, run, type RunOptions } from "tests/support/processes.ts";
import { usePrivateFiles } from "tests/support/traffic/private_files.ts";
import { unifiedRoot } from "./bpf_node.ts";
import { OUTSIDE, POD } from "./pod_lab.ts";

/** The program under test. */
export function loaderPath(): string {
  const arch = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
  return new URL(`../../dist/linux-${arch}/kuma-ebpf-loader`, import.meta.url).pathname;
}

/** The lab; take it with `await using`. */
export class LoaderLab implements AsyncDisposable {
  private constructor(
    readonly bpffs: string,
    readonly cgroup: string,
    readonly pod: Namespace,
    readonly outside: Namespace,
  ) {}

  /** Builds it; nothing is loaded. */
  static async create(): Promise<LoaderLab> {
    // From here on, mounts are this process's own.
    usePrivateFiles({});
    const bpffs = await Deno.makeTempDir({ prefix: "kuma-bpffs-" });
    if (mount("bpf", bpffs, "bpf", 0) < 0) throw new Error("cannot mount a BPF file system");
    const cgroup = `${unifiedRoot()}/kuma-loader-${Deno.pid}-${count++}`;
    Deno.mkdirSync(cgroup);
    const pod = await Namespace.create("pod"), outside = await Namespace.create("outside");
    const end = (ns: Namespace, at: typeof POD | typeof OUTSIDE) => ({
      ...{ ns: ns.name, iface: "eth0" },
      addresses: [`${at.ipv4}/24`, `${at.ipv6}/64`],
    });
    await joinNamespaces(end(pod, POD), end(outside, OUTSIDE));
    await addDefaultRoute(pod.name, OUTSIDE.ipv4);
    Deno.writeTextFileSync(`${cgroup}/cgroup.procs`, `${Deno.pid}`);
    return new LoaderLab(bpffs, cgroup, pod, outside);
  }

  /** Path of the pod's network namespace. */
  get netns(): string {
    return `/run/netns/${this.pod.name}`;
  }

  /** The flags that say where everything is, for a command. */
  flags(command: string): string[] {
    const loads = ["load", "run"].includes(command);
    return [`--bpffs-path=${this.bpffs}`, ...(loads ? [`--cgroup-path=${this.cgroup}`] : [])];
  }

  /** Runs the program: `["pod", "add", …]`. */
  run(words: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return run(loaderPath(), [...words, ...this.flags(words[0] ?? "")], options);
  }

  /** Runs it; it must succeed. Gives standard output. */
  must(...words: string[]): Promise<string> {
    return must(loaderPath(), [...words, ...this.flags(words[0] ?? "")]);
  }

  /** Loads, and adds the pod. */
  async intercept(...podFlags: string[]): Promise<void> {
    await this.must("load");
    await this.must("pod", "add", `--netns=${this.netns}`, "--name=demo/web", ...podFlags);
  }

  /** The document of `status -o json`. */
  async status(): Promise<Status> {
    const { stdout } = await this.run(["status", "-o", "json"]);
    return checkedDocument<Status>(stdout, "kuma.io/kuma-ebpf-loader-status/v1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(["unload"]);
    Deno.writeTextFileSync(`${unifiedRoot()}/cgroup.procs`, `${Deno.pid}`);
    Deno.removeSync(this.cgroup);
    await must("umount", [this.bpffs]);
    await Deno.remove(this.bpffs);
    await this.pod[Symbol.asyncDispose]();
    await this.outside[Symbol.asyncDispose]();
  }
}

/** What of the status the tests look at. */
export interface Status {
  readonly loaded: boolean;
  readonly problems: readonly string[];
  readonly programs: readonly { readonly name: string; readonly programId?: number }[];
  readonly maps: Readonly<Record<string, { readonly entries: number }>>;
  readonly pods: readonly {
    readonly name: string;
    readonly netns: string;
    readonly configuration: readonly string[];
    readonly counters: Readonly<Record<string, number>>;
    readonly problems: readonly string[];
  }[];
}

/**
 * What of the kernel's programs, links and maps belongs to a lab, as `kind id`: maps and links that are pinned there,
 * the programs of these links, and the classifier at the pod's interface.
 */
export async function objectsOf(lab: LoaderLab): Promise<string[]> {
  const found: string[] = [];
  for (const kind of ["link", "map"]) {
    for (const { id, prog_id, pinned = [] } of await listed(kind)) {
      if (!pinned.some((path) => path.startsWith(`${lab.bpffs}/`))) continue;
      found.push(`${kind} ${id}`, ...(prog_id === undefined ? [] : [`prog ${prog_id}`]));
    }
  }
  const filters = await lab.pod.must("tc", "filter", "show", "dev", "eth0", "ingress");
  const id = / id (\d+) /.exec(filters)?.[1];
  return id === undefined ? found : [...found, `prog ${id}`];
}

/** Those of these objects that the kernel still has. */
export async function stillThere(objects: readonly string[]): Promise<string[]> {
  const there = new Set<string>();
  for (const kind of ["prog", "link", "map"]) {
    for (const { id } of await listed(kind)) there.add(`${kind} ${id}`);
  }
  return objects.filter((object) => there.has(object));
}

interface Listed {
  readonly id: number;
  readonly prog_id?: number;
  readonly pinned?: readonly string[];
}

async function listed(kind: string): Promise<Listed[]> {
  return JSON.parse(await must("bpftool", ["-j", "-f", kind, "list"])) as Listed[];
}

let count = 0;

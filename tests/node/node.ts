/**
 * A real Kubernetes node on this machine: kubelet, containerd, runc and the rest in namespaces of their own.
 *
 * What is not a cluster's: no DNS server, the control plane on the first node itself, and images from archives.
 *
 * @module
 */
import { dirname } from "node:path";
import { kumactlPath } from "../kernel/kumactl.ts";
import type { ClusterPki } from "../kube/pki.ts";
import { type Finished, run, type RunOptions, sleep, waitUntil } from "../support/processes.ts";
import { clusterPki, writePki } from "./pki.ts";
import { nodePrograms } from "./programs.ts";
import { diskOf, nodeFiles, type NodeSpec } from "./spec.ts";
import { connect, type Plug } from "./wire.ts";

const CGROUPS = "/sys/fs/cgroup";
/** Names of the nodes that a cluster can have: each has a certificate. */
const NAMES = ["node1", "node2"] as const;

/** What a cluster's nodes have in common. */
export interface ClusterOptions {
  /** Archives of images that the node gets. */
  readonly images: readonly string[];
  /** Whether nodes, pods and Services have IPv6 addresses, too. */
  readonly ipv6: boolean;
  /** Cgroup of its first node, in each hierarchy: no other cluster's. */
  readonly cgroup: string;
}

/** A running node; it and everything in it goes when it is disposed of. */
export class TestNode implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #pki: ClusterPki;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  #ending: Promise<void> | undefined;
  #said = "";

  private constructor(readonly spec: NodeSpec, pki: ClusterPki, child: Deno.ChildProcess) {
    this.#child = child;
    this.#pki = pki;
    this.#input = child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Builds what is needed, and starts the first node of a cluster; returns when pods can be made. */
  static async start(options: ClusterOptions): Promise<TestNode> {
    const spec = await specOf(0, options);
    return await TestNode.#start(spec, await clusterPki(spec.addresses[0], NAMES));
  }

  /** Starts a second node of this one's cluster; it has joined when it returns. */
  async join(images: readonly string[]): Promise<TestNode> {
    const { addresses, cgroup } = this.spec;
    const spec = await specOf(1, { images, ipv6: addresses.length > 1, cgroup: `${cgroup}-2` });
    return await TestNode.#start(spec, this.#pki, this);
  }

  static async #start(spec: NodeSpec, pki: ClusterPki, first?: TestNode): Promise<TestNode> {
    await Deno.mkdir(diskOf(spec));
    await writePki(spec, pki);
    const at = nodeFiles(spec.dir);
    await Deno.writeTextFile(at.spec, JSON.stringify(spec));
    const child = new Deno.Command("unshare", {
      args: [
        ...["--mount", "--propagation", "private", spec.programs.standin, "machine", diskOf(spec)],
        ...[Deno.execPath(), "run", "-A", "--no-check"],
        ...[new URL("./inside/main.ts", import.meta.url).pathname, at.spec],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const node = new TestNode(spec, pki, child);
    try {
      await node.#comesUp(first);
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #comesUp(first?: TestNode): Promise<void> {
    if (first !== undefined) {
      await this.#says("the node is prepared", /^\S+ s prepared$/m);
      await connect(await first.#plug(), await this.#plug());
    }
    await this.#says("the node is ready", /^\S+ s ready$/m);
  }

  /** Turns the power off and on: everything but the disk is gone, and comes anew. `first` is the cluster's first node. */
  async reboot(first: TestNode): Promise<void> {
    this.#said = "";
    this.#child.kill("SIGHUP");
    await this.#comesUp(first === this ? undefined : first);
  }

  /** Kills a server of the node, or starts one that was killed. */
  async server(verb: "stop" | "start", name: string): Promise<void> {
    this.#said = "";
    await this.#input.write(new TextEncoder().encode(`${verb} ${name}\n`));
    await this.#says(`${verb} ${name}`, new RegExp(`^\\S+ s ${verb} ${name}: done$`, "m"));
  }

  /** The steps of the start with their seconds, and what ended since. */
  get said(): string {
    return this.#said;
  }

  /** Runs a program within the node's namespaces. */
  async run(program: string, args: readonly string[], options?: RunOptions): Promise<Finished> {
    return await run("nsenter", [...await this.#entry(), program, ...args], options);
  }

  /** Runs kubectl as the administrator; any exit code is a result. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<Finished> {
    const { dir, programs } = this.spec;
    const kubeconfig = nodeFiles(dir).kubeconfig("admin");
    return this.run(programs.kubectl, ["--kubeconfig", kubeconfig, ...args], options);
  }

  /** Runs commands of a documentation in bash, with kubectl and kumactl on the PATH; the first that fails ends them. */
  shell(commands: string): Promise<Finished> {
    const { dir, programs } = this.spec;
    const folders = [programs.kubectl, kumactlPath()].map((program) => dirname(program));
    return this.run("bash", ["-euo", "pipefail"], {
      stdin: commands,
      env: {
        PATH: [...folders, Deno.env.get("PATH")].join(":"),
        KUBECONFIG: nodeFiles(dir).kubeconfig("admin"),
      },
    });
  }

  /** Runs kubectl, which must succeed; its standard output. */
  async must(args: readonly string[], options?: RunOptions): Promise<string> {
    const done = await this.kubectl(args, options);
    if (done.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  /** Applies manifests (YAML or JSON text) as a person would. */
  async apply(manifests: string): Promise<string> {
    return await this.must(["apply", "--validate=strict", "-f", "-"], { stdin: manifests });
  }

  /** Waits for something of the cluster; where it does not come, pods and Events are in the error. */
  async until(what: string, probe: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
    try {
      await waitUntil(what, probe, { timeoutMs, intervalMs: 300 });
    } catch (cause) {
      const pods = await this.kubectl(["get", "pods,nodes,ds,deploy", "-A", "-o", "wide"]);
      const events = await this.kubectl(["get", "events", "-A", "--sort-by=.lastTimestamp"]);
      const tail = events.stdout.split("\n").slice(-25).join("\n");
      throw new Error(`${what}, in vain\n${pods.stdout}\n${tail}`, { cause });
    }
  }

  async #says(what: string, line: RegExp): Promise<void> {
    await waitUntil(what, async () => {
      const ended = await Promise.race([this.#child.status, sleep(0)]);
      if (ended !== undefined) throw new Error(`The node ended: ${this.#said}`);
      return line.test(this.#said);
    }, { timeoutMs: 300_000 });
  }

  /** The first process of the node's namespaces is the only child of its machine. */
  async #plug(): Promise<Plug> {
    const { pid } = this.#child;
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    return { spec: this.spec, pid: Number(children.trim()) };
  }

  async #entry(): Promise<string[]> {
    const { pid } = await this.#plug();
    return ["-t", String(pid), "-n", "-m", "-p", "-u", "-i", "--"];
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#said += text;
    }
  }

  /** Ends it, once: a node that left its cluster has gone already. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.#child.status;
    await this.#input.close().catch(() => {});
    await this.#reading;
    const { cgroup } = this.spec;
    await waitUntil("the node's cgroups are gone", () => removed(cgroup), { intervalMs: 200 });
    await Deno.remove(this.spec.dir, { recursive: true });
  }
}

/** Whether nothing is left of the node's groups; one that has a process still cannot go yet. */
async function removed(cgroup: string): Promise<boolean> {
  let left = false;
  for await (const { name, isDirectory } of Deno.readDir(CGROUPS)) {
    const group = `${CGROUPS}/${name}/${cgroup}`;
    if (!isDirectory || !await isThere(group)) continue;
    await run("find", [group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
    left ||= await isThere(group);
  }
  return !left;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function specOf(index: 0 | 1, { images, ipv6, cgroup }: ClusterOptions): Promise<NodeSpec> {
  const programs = await nodePrograms();
  const host = index + 2;
  return {
    dir: await Deno.makeTempDir({ dir: "/root", prefix: ".kuma-test-node-" }),
    name: NAMES[index],
    cgroup,
    addresses: ipv6 ? [`192.168.77.${host}`, `fd00:77::${host}`] : [`192.168.77.${host}`],
    podSubnets: [`10.244.${index}.0/24`, ...ipv6 ? [`fd00:244:0:${index}::/64`] : []],
    apiServer: index === 0 ? "127.0.0.1" : "192.168.77.2",
    programs,
    images,
    patienceMs: 180_000,
  };
}

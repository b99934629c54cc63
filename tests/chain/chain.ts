/**
 * A node for chain tests: a network namespace of its own in which libcni calls real plugins, and pods
 * as further namespaces. Bridges, addresses and firewall rules of the chain stay inside it; files lie
 * in a folder that goes with it. Nothing of the machine's own network is touched.
 *
 * Debian's bridge is of release 1.1.1, which knows versions up to 1.0.0: a list with it cannot ask for
 * 1.1.0. STATUS and GC (1.1.0) are tested with lists that hold only the plugin under test.
 *
 * @module
 */
import { must, processStart, run } from "../support/processes.ts";
import { type ChainOutcome, Runtime, type RuntimeRequest } from "./runtime.ts";
import { type ChainTools, ensureChainTools } from "./tools.ts";

export type { ChainOutcome } from "./runtime.ts";

/** A pod's sandbox: what a runtime makes before it calls the first plugin. */
export interface PodSandbox {
  /** Name of the namespace for `ip netns`. */
  name: string;
  /** `CNI_NETNS`. */
  netns: string;
  /** `CNI_CONTAINERID`: 64 hex digits, as containerd's. */
  containerId: string;
}

/** The pod that a sandbox is for, as runtimes name it in `CNI_ARGS`. */
export interface PodIdentity {
  namespace: string;
  name: string;
  uid?: string;
}

/** Which network to call, and for what. */
export interface CallOptions {
  network: string;
  /** Searched before the distribution's plugins; such as the folder with the compiled kuma-cni. */
  binDirs?: string[];
  /** Default `eth0`. */
  ifName?: string;
  /** Without it the sandbox is no Kubernetes pod: `CNI_ARGS` is empty. */
  pod?: PodIdentity;
  capabilityArgs?: Record<string, unknown>;
}

/** One test node. Create it with {@linkcode ChainNode.create}. */
export class ChainNode implements AsyncDisposable {
  /** Folder that libcni loads lists from. */
  readonly confDir: string;
  /** libcni's cache of results. */
  readonly cacheDir: string;
  /** host-local's leases. */
  readonly ipamDir: string;
  readonly netns: string;
  readonly #sandboxes = new Map<string, PodSandbox>();

  private constructor(
    readonly name: string,
    readonly dir: string,
    readonly tools: ChainTools,
    readonly runtime: Runtime,
  ) {
    this.confDir = `${dir}/net.d`;
    this.cacheDir = `${dir}/cache`;
    this.ipamDir = `${dir}/ipam`;
    this.netns = netnsPath(name);
  }

  /** Makes the node's namespace and folder and starts the runtime in it. Needs root. */
  static async create(): Promise<ChainNode> {
    const tools = await ensureChainTools();
    await sweepNetns();
    const name = await addNetns("node");
    const dir = await Deno.makeTempDir({ prefix: "chain-" });
    const node = new ChainNode(name, dir, tools, new Runtime(tools.runtime, netnsPath(name)));
    for (const path of [node.confDir, node.cacheDir, node.ipamDir]) await Deno.mkdir(path);
    return node;
  }

  /** Writes a list into the configuration folder. */
  async writeConflist(network: string, plugins: unknown[], cniVersion = "1.0.0"): Promise<void> {
    const text = JSON.stringify({ cniVersion, name: network, plugins }, undefined, 2);
    await Deno.writeTextFile(`${this.confDir}/10-${network}.conflist`, text);
  }

  /**
   * The distribution's bridge with host-local, both families, and portmap: what stands before a chained
   * plugin on a plain node.
   */
  bridgePlugins({ ipv6 = true }: { ipv6?: boolean } = {}): Record<string, unknown>[] {
    const ranges = [[{ subnet: "10.244.0.0/16" }], ...(ipv6 ? [[{ subnet: "fd00:10::/64" }]] : [])];
    const routes = [{ dst: "0.0.0.0/0" }, ...(ipv6 ? [{ dst: "::/0" }] : [])];
    const ipam = { type: "host-local", dataDir: this.ipamDir, ranges, routes };
    return [
      { type: "bridge", bridge: "cni0", isGateway: true, hairpinMode: true, ipam },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ];
  }

  /** Makes an empty sandbox. */
  async createSandbox(): Promise<PodSandbox> {
    const name = await addNetns("pod");
    const id = crypto.getRandomValues(new Uint8Array(32)).toHex();
    const sandbox = { name, netns: netnsPath(name), containerId: id };
    this.#sandboxes.set(name, sandbox);
    return sandbox;
  }

  /** Removes a sandbox, as a runtime does after DEL (or a reboot without one). */
  async deleteSandbox(sandbox: PodSandbox): Promise<void> {
    this.#sandboxes.delete(sandbox.name);
    await must("ip", ["netns", "del", sandbox.name]);
  }

  cniAdd(sandbox: PodSandbox, options: CallOptions): Promise<ChainOutcome> {
    return this.#call("add", options, sandbox);
  }

  cniDel(sandbox: PodSandbox, options: CallOptions): Promise<ChainOutcome> {
    return this.#call("del", options, sandbox);
  }

  cniCheck(sandbox: PodSandbox, options: CallOptions): Promise<ChainOutcome> {
    return this.#call("check", options, sandbox);
  }

  cniStatus(options: CallOptions): Promise<ChainOutcome> {
    return this.#call("status", options);
  }

  /** Collects everything but these sandboxes; libcni first sends DEL for each stale one in its cache. */
  cniGc(valid: PodSandbox[], options: CallOptions): Promise<ChainOutcome> {
    const ifname = options.ifName ?? "eth0";
    return this.#call("gc", options, undefined, {
      validAttachments: valid.map(({ containerId }) => ({ containerID: containerId, ifname })),
    });
  }

  /**
   * Makes a loopback port of the machine (the tests' API server) reachable at the same address inside
   * the node, as if it were a host process. Where nobody listens, connections are reset; a port that is
   * not forwarded refuses them.
   */
  async forwardLoopback(port: number): Promise<void> {
    const netns = `/proc/${Deno.pid}/ns/net`;
    const { code, error } = await this.runtime.call({ command: "forward", port, netns });
    if (code !== 0) throw new Error(`Cannot forward port ${port} into ${this.name}: ${error}`);
  }

  /** Runs a program in the node's namespace and returns its output; throws when it fails. */
  exec(program: string, ...args: string[]): Promise<string> {
    return inNetns(this, program, ...args);
  }

  /** Every file that plugins and libcni keep for live pods, and the links on the node's side. */
  async leftovers(): Promise<string[]> {
    const links: { ifname: string }[] = JSON.parse(await this.exec("ip", "-j", "link"));
    const veths = links.map((link) => link.ifname).filter((name) => name.startsWith("veth"));
    const leases = await filesBelow(this.ipamDir);
    // host-local's lock and its note of the last address given out stay for good.
    const live = leases.filter((path) => !/\/(lock|last_reserved_ip\.\d+)$/.test(path));
    return [...veths, ...live, ...await filesBelow(this.cacheDir)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
    for (const { name } of this.#sandboxes.values()) await must("ip", ["netns", "del", name]);
    await must("ip", ["netns", "del", this.name]);
    await Deno.remove(this.dir, { recursive: true });
  }

  #call(
    command: RuntimeRequest["command"],
    options: CallOptions,
    sandbox?: PodSandbox,
    more: Partial<RuntimeRequest> = {},
  ): Promise<ChainOutcome> {
    return this.runtime.call({
      command,
      confDir: this.confDir,
      cacheDir: this.cacheDir,
      network: options.network,
      binDirs: [...(options.binDirs ?? []), this.tools.pluginDir],
      ...(sandbox === undefined ? {} : {
        containerID: sandbox.containerId,
        netns: sandbox.netns,
        ifName: options.ifName ?? "eth0",
        args: options.pod === undefined ? [] : podArgs(options.pod, sandbox.containerId),
      }),
      ...(options.capabilityArgs === undefined ? {} : { capabilityArgs: options.capabilityArgs }),
      ...more,
    });
  }
}

/** `CNI_ARGS` in the order in which containerd writes them. */
function podArgs(pod: PodIdentity, containerId: string): [string, string][] {
  const args: [string, string][] = [
    ["IgnoreUnknown", "1"],
    ["K8S_POD_NAMESPACE", pod.namespace],
    ["K8S_POD_NAME", pod.name],
    ["K8S_POD_INFRA_CONTAINER_ID", containerId],
  ];
  return pod.uid === undefined ? args : [...args, ["K8S_POD_UID", pod.uid]];
}

/** Runs a program in a node's or pod's network namespace; returns its output, throws when it fails. */
export function inNetns(
  place: { netns: string },
  program: string,
  ...args: string[]
): Promise<string> {
  return must("nsenter", [`--net=${place.netns}`, program, ...args]);
}

function netnsPath(name: string): string {
  return `/run/netns/${name}`;
}

/** Makes a namespace whose name tells which process it belongs to. */
async function addNetns(kind: "node" | "pod"): Promise<string> {
  const name = `chain-${kind}-${Deno.pid}-${crypto.randomUUID().slice(0, 13)}`;
  await must("ip", ["netns", "add", name]);
  await must("ip", ["-n", name, "link", "set", "lo", "up"]);
  return name;
}

/** Removes the namespaces of test processes that were killed. */
async function sweepNetns(): Promise<void> {
  for (const line of (await must("ip", ["netns", "list"])).split("\n")) {
    const [, name, pid] = /^(chain-(?:node|pod)-(\d+)-\S+)/.exec(line) ?? [];
    if (name === undefined || processStart(Number(pid)) !== undefined) continue;
    await run("ip", ["netns", "del", name]); // fails when another test process is sweeping too
  }
}

async function filesBelow(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory) found.push(...await filesBelow(path));
    else found.push(path);
  }
  return found;
}

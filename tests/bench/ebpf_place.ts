/**
 * Three pods of which one is redirected by nobody, one by iptables and one by the BPF programs, for figures of one run.
 *
 * @module
 */
import { FAMILIES, type ResolvedConfig } from "core/proxy/resolved.ts";
import { buildRuleset } from "core/rules/build.ts";
import { renderRestore } from "core/rules/render.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { BpfNode, unifiedRoot } from "tests/ebpf/bpf_node.ts";
import { configurationOf } from "tests/ebpf/configuration.ts";
import { addDefaultRoute, joinNamespaces } from "tests/support/traffic/namespaces.ts";

/** What redirects. */
export const MODES = ["nothing", "iptables", "eBPF"] as const;

/** One of them. */
export type Mode = typeof MODES[number];

/** Where the pods' connections are meant to go; in the pod that nobody redirects, they go to the proxy. */
export const SERVER = "10.98.0.1";

/** The pods; take it with `await using`. */
export class BenchPlace implements AsyncDisposable {
  private constructor(
    readonly node: BpfNode,
    readonly pods: Readonly<Record<Mode, Namespace>>,
    readonly outside: Namespace[],
    private readonly config: ResolvedConfig,
  ) {}

  /** Makes the pods, and puts rules and programs in force. */
  static async create(): Promise<BenchPlace> {
    const node = await BpfNode.create();
    const pods: Partial<Record<Mode, Namespace>> = {};
    for (const mode of MODES) pods[mode] = await Namespace.create(mode.toLowerCase());
    const config = await configurationOf([]);
    const place = new BenchPlace(node, pods as Record<Mode, Namespace>, [], config);
    try {
      await place.#wire();
      await place.#restore();
      place.redirect({ accelerate: false });
      return place;
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #wire(): Promise<void> {
    for (const [mode, pod] of Object.entries(this.pods)) {
      const server = await Namespace.create(`${mode.toLowerCase()}-server`);
      this.outside.push(server);
      await joinNamespaces(
        { ns: pod.name, iface: "eth0", addresses: ["10.98.0.2/24"] },
        { ns: server.name, iface: "eth0", addresses: [`${SERVER}/24`] },
      );
      await addDefaultRoute(pod.name, SERVER);
    }
  }

  async #restore(): Promise<void> {
    for (const family of FAMILIES) {
      const facts = { family, loopback: "lo", dnsServers: [], comments: true };
      const works = { conntrackZones: true, mangle: true, dockerOutput: false };
      const rules = renderRestore(buildRuleset(this.config, { ...facts, ...works }));
      await this.pods.iptables.restore("nft", family, rules);
    }
  }

  /** Puts the programs in the place of former ones; they join the third pod's sockets where asked. */
  redirect({ accelerate }: { accelerate: boolean }): void {
    this.node.load({ accelerate });
    const netns = `/run/netns/${this.pods.eBPF.name}`;
    this.node.add({ netns, config: this.config, accelerate });
  }

  /** Sockets that this process makes from now on are seen by the programs only for the third pod. */
  enter(mode: Mode): void {
    const cgroup = mode === "eBPF" ? this.node.cgroup : unifiedRoot();
    Deno.writeTextFileSync(`${cgroup}/cgroup.procs`, `${Deno.pid}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.node[Symbol.dispose]();
    for (const namespace of [...Object.values(this.pods), ...this.outside]) {
      await namespace[Symbol.asyncDispose]();
    }
  }
}

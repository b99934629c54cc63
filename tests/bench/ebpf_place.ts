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
    readonly outside: readonly Namespace[],
    private readonly config: ResolvedConfig,
  ) {}

  /** Makes the pods, and puts rules and programs in force. */
  static async create(): Promise<BenchPlace> {
    const node = await BpfNode.create();
    const pods: Partial<Record<Mode, Namespace>> = {};
    const outside: Namespace[] = [];
    for (const mode of MODES) {
      const pod = pods[mode] = await Namespace.create(mode.toLowerCase());
      const server = await Namespace.create(`${mode.toLowerCase()}-server`);
      outside.push(server);
      await joinNamespaces(
        { ns: pod.name, iface: "eth0", addresses: ["10.98.0.2/24"] },
        { ns: server.name, iface: "eth0", addresses: [`${SERVER}/24`] },
      );
      await addDefaultRoute(pod.name, SERVER);
    }
    const config = await configurationOf([]);
    const place = new BenchPlace(node, pods as Record<Mode, Namespace>, outside, config);
    for (const family of FAMILIES) {
      const facts = { family, loopback: "lo", dnsServers: [], comments: true };
      const works = { conntrackZones: true, mangle: true, dockerOutput: false };
      const rules = renderRestore(buildRuleset(config, { ...facts, ...works }));
      await place.pods.iptables.restore("nft", family, rules);
    }
    place.redirect({ accelerate: false });
    return place;
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

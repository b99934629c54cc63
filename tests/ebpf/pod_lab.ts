/**
 * A pod and a machine outside of it, joined by a veth pair, and the BPF programs loaded for the pod.
 *
 * @module
 */
import { decodeCounters } from "core/bpf/counters.ts";
import { cookieKey } from "core/bpf/entries.ts";
import type { NodeOptions } from "core/host/bpf/node_programs.ts";
import { BpfMap } from "core/host/bpf/map.ts";
import { processors } from "core/host/bpf/pod_programs.ts";
import { addDefaultRoute, joinNamespaces } from "tests/support/traffic/namespaces.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { BpfNode, type PodChoices } from "./bpf_node.ts";
import { configurationOf } from "./configuration.ts";
import { Socket } from "./socket.ts";

/** UID of the application and of the sidecar. */
const APP = 1000;
export const SIDECAR = 5678;

/** Addresses of both. */
export const POD = { ipv4: "10.99.0.2", ipv6: "fd99::2" } as const;
export const OUTSIDE = { ipv4: "10.99.0.1", ipv6: "fd99::1" } as const;

/** Both families, and IPv4 in sockets of IPv6, which is what Java and .NET make. */
export const WAYS = [
  { family: "ipv4", address: (text: { ipv4: string; ipv6: string }) => text.ipv4 },
  { family: "ipv6", address: (text: { ipv4: string; ipv6: string }) => text.ipv6 },
  { family: "ipv6", address: (text: { ipv4: string; ipv6: string }) => `::ffff:${text.ipv4}` },
] as const;

/** The lab; take it with `await using`. */
export class PodLab implements AsyncDisposable {
  cookie = 0n;

  private constructor(
    readonly node: BpfNode,
    readonly pod: Namespace,
    readonly outside: Namespace,
  ) {}

  /** Builds it and puts the pod's configuration in force. */
  static async create(
    args: readonly string[] = [],
    choices: Partial<PodChoices> = {},
    node: Partial<NodeOptions> = {},
  ): Promise<PodLab> {
    const lab = new PodLab(
      await BpfNode.create(),
      await Namespace.create("pod"),
      await Namespace.create("outside"),
    );
    try {
      await lab.#build(args, choices, node);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  /** Path of the pod's network namespace. */
  get netns(): string {
    return `/run/netns/${this.pod.name}`;
  }

  /** Puts another configuration in force. */
  async configure(args: readonly string[], choices: Partial<PodChoices> = {}): Promise<void> {
    const config = await configurationOf(args);
    this.cookie = this.node.add({ netns: this.netns, config, ...choices });
  }

  /** A client of the pod's application. */
  application(spec: Partial<Parameters<typeof Socket.create>[0]> = {}): Socket {
    return Socket.create({ ns: this.pod.name, uid: APP, ...spec });
  }

  /** A listener of the sidecar. */
  proxy(port: number, spec: Partial<Parameters<typeof Socket.listen>[0]> = {}): Socket {
    return Socket.listen({ ns: this.pod.name, uid: SIDECAR, port, ...spec });
  }

  /** How often a verdict was given. */
  count(verdict: string): number {
    using map = this.map("pod_counters");
    const bytes = map.get(cookieKey(this.cookie), map.valueSize * processors());
    return Number(bytes === undefined ? NaN : decodeCounters(bytes).get(verdict));
  }

  /** A pinned map. */
  map(name: string): BpfMap {
    const map = BpfMap.pinned(this.node.pins.map(name));
    if (map === undefined) throw new Error(`no map ${name}`);
    return map;
  }

  async #build(
    args: readonly string[],
    choices: Partial<PodChoices>,
    node: Partial<NodeOptions>,
  ): Promise<void> {
    const ends = (ns: Namespace, at: { ipv4: string; ipv6: string }) => ({
      ...{ ns: ns.name, iface: "eth0" },
      addresses: [`${at.ipv4}/24`, `${at.ipv6}/64`],
    });
    await joinNamespaces(ends(this.pod, POD), ends(this.outside, OUTSIDE));
    for (const gateway of Object.values(OUTSIDE)) await addDefaultRoute(this.pod.name, gateway);
    this.node.load(node);
    await this.configure(args, choices);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.node[Symbol.dispose]();
    await this.pod[Symbol.asyncDispose]();
    await this.outside[Symbol.asyncDispose]();
  }
}

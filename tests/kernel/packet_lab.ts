/**
 * Two machines for random packets: a host with rules, on which every port of a pool is listened at, and a
 * client that is every other address and takes whatever reaches it. So each packet arrives somewhere, and
 * where it does tells what the rules did.
 *
 * @module
 */
import { NftSocket } from "core/host/nftables/socket.ts";
import { readTable, writeTable } from "core/host/nftables/table.ts";
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import type { ExplainedPacket } from "core/rules/explain.ts";
import { explainIptables, explainNftables } from "core/rules/explain_found.ts";
import type { Ruleset } from "core/rules/model.ts";
import { buildNftTable } from "core/rules/nft/build.ts";
import { NFT_TABLE } from "core/rules/nft/model.ts";
import type { Packet, Verdict } from "core/rules/packet.ts";
import { parseSave } from "core/rules/parse_save.ts";
import { readFirewall } from "core/rules/read_saved.ts";
import { renderRestore } from "core/rules/render.ts";
import { must } from "tests/support/processes.ts";
import { Lab } from "tests/support/traffic/lab.ts";
import {
  addDefaultRoute,
  joinNamespaces,
  withinNamespace,
} from "tests/support/traffic/namespaces.ts";
import { type Flavour, FLAVOURS, Namespace } from "./namespace.ts";

/** What writes the rules. */
export type Backend = Flavour | "nftables";
/** All of them. */
export const BACKENDS: readonly Backend[] = [...FLAVOURS, "nftables"];

/** The host's own addresses, the client's on the link, and all that are the client's beside. */
export const ADDRESSES = {
  host: { ipv4: "192.0.2.1", ipv6: "2001:db8::1" },
  client: { ipv4: "192.0.2.2", ipv6: "2001:db8::2" },
  localhost: { ipv4: "127.0.0.1", ipv6: "::1" },
  passthrough: { ipv4: "127.0.0.6", ipv6: "::6" },
  elsewhere: { ipv4: "10.0.0.0/8", ipv6: "fd10::/16" },
} as const satisfies Record<string, Record<Family, string>>;

/** Ports at which the host listens; redirections go to some of them. */
export const PORTS = [22, 53, 80, 443, 8080, 9000, 15001, 15006, 15011, 15016, 15053, 15063];

/** Every packet has a port of its own, so that conntrack takes none for one that it knows. */
const FIRST_PORT = 20_000, LAST_PORT = 60_000;
const EMPTY = "*raw\nCOMMIT\n*nat\nCOMMIT\n*mangle\nCOMMIT\n";

/** Explains a packet by the rules that were read; `wanted` has the comments of rules that have none. */
export type Explain = (packet: Packet, wanted: readonly Ruleset[]) => ExplainedPacket;

/** The machines. */
export class PacketLab implements AsyncDisposable {
  #port = FIRST_PORT;

  private constructor(
    readonly host: Namespace,
    readonly client: Namespace,
    private readonly lab: Lab,
  ) {}

  /** Builds both machines. */
  static async create(): Promise<PacketLab> {
    const host = await Namespace.create("packets");
    const client = await Namespace.create("elsewhere");
    const link = (
      who: "host" | "client",
    ) => [`${ADDRESSES[who].ipv4}/24`, `${ADDRESSES[who].ipv6}/64`];
    await joinNamespaces(
      { ns: host.name, iface: "eth0", addresses: link("host") },
      { ns: client.name, iface: "eth0", addresses: link("client") },
    );
    for (const family of FAMILIES) {
      await addDefaultRoute(host.name, ADDRESSES.client[family]);
      const all = ["local", ADDRESSES.elsewhere[family], "dev", "lo"];
      await must("ip", ["-n", client.name, "route", "add", ...all]);
    }
    await must("ip", [
      "-n",
      host.name,
      "addr",
      "add",
      `${ADDRESSES.passthrough.ipv6}/128`,
      "dev",
      "lo",
    ]);
    // A route alone lets a socket send from any address of a network in IPv4, but not in IPv6.
    withinNamespace(client.name, () => {
      Deno.writeTextFileSync("/proc/sys/net/ipv6/ip_nonlocal_bind", "1");
    });
    const made = new PacketLab(host, client, new Lab());
    for (const family of FAMILIES) made.#listen(family);
    // Whatever reaches the client, at whatever port, is taken by its two listeners.
    const everything = (["tcp", "udp"] as const).map((protocol, i) =>
      `-A PREROUTING -i eth0 -p ${protocol} -j REDIRECT --to-ports ${i + 1}\n`
    );
    for (const family of FAMILIES) {
      await client.restore("nft", family, `*nat\n${everything.join("")}COMMIT\n`);
    }
    // Entries of flows that are over would make the list long that zones are read from.
    withinNamespace(host.name, () => {
      for (const timeout of ["udp_timeout", "tcp_timeout_time_wait", "tcp_timeout_close"]) {
        Deno.writeTextFileSync(`/proc/sys/net/netfilter/nf_conntrack_${timeout}`, "2");
      }
    });
    return made;
  }

  /** Makes these the only rules on the host, but for the `foreign` ones of every backend. */
  async apply(backend: Backend, rulesets: readonly Ruleset[]): Promise<void> {
    if (backend === "nftables") {
      const refused = withinNamespace(this.host.name, () => {
        using socket = new NftSocket();
        return writeTable(socket, buildNftTable(rulesets), true);
      });
      if (refused !== undefined) throw new Error(`the kernel refuses: ${refused}`);
      return;
    }
    for (const family of FAMILIES) {
      const ruleset = rulesets.find((one) => one.family === family);
      const text = ruleset === undefined ? "" : renderRestore(ruleset);
      const missing = EMPTY.split(/(?<=COMMIT\n)/).filter((table) =>
        !text.includes(`* ${/\w+/.exec(table)?.[0]}\n`)
      );
      await this.host.restore(backend, family, text + missing.join(""), []);
    }
  }

  /** Reads the rules from the kernel, as `kumactl explain packet --netns` does; gives what explains packets by them. */
  async read(backend: Backend): Promise<Explain> {
    if (backend === "nftables") {
      const image = withinNamespace(this.host.name, () => {
        using socket = new NftSocket();
        return readTable(socket);
      });
      if (image === undefined) throw new Error("the table is not there");
      return (packet, wanted) => explainNftables(image, packet, wanted);
    }
    const read = new Map<Family, Ruleset>();
    for (const family of FAMILIES) {
      const { ruleset, unread } = readFirewall(
        family,
        parseSave(await this.host.save(backend, family)),
      );
      if (unread.length > 0) throw new Error(`it cannot be followed: ${unread.join("; ")}`);
      read.set(family, ruleset);
    }
    return (packet, wanted) =>
      explainIptables(
        read.get(packet.family) ?? { family: packet.family, tables: [] },
        packet,
        wanted,
      );
  }

  /** Takes the rules of a backend away. */
  async clear(backend: Backend): Promise<void> {
    if (backend === "nftables") await this.host.must("nft", "delete", "table", "inet", NFT_TABLE);
    else await this.apply(backend, []);
  }

  /** Sends a packet; where it arrived, and the conntrack zone of a DNS query. */
  send(packet: Packet): { readonly arrived: string; readonly zone: number | undefined } {
    const sourcePort = this.#port++;
    if (this.#port > LAST_PORT) this.#port = FIRST_PORT;
    const { hook, protocol, source, destination, destinationPort, uid } = packet;
    const { listener, outcome } = this.lab.send({
      ns: hook === "output" ? this.host.name : this.client.name,
      uid: uid ?? 0,
      protocol,
      source,
      sourcePort,
      to: { address: destination, port: destinationPort },
      oneWay: true,
    });
    const zone = isQuery(packet) ? this.#zone(sourcePort) : undefined;
    return { arrived: listener ?? outcome, zone };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lab.close();
    await this.host[Symbol.asyncDispose]();
    await this.client[Symbol.asyncDispose]();
  }

  #listen(family: Family): void {
    for (const [i, protocol] of (["tcp", "udp"] as const).entries()) {
      for (const port of PORTS) {
        this.lab.listen({ ns: this.host.name, protocol, family, port, label: `host:${port}` });
      }
      this.lab.listen({ ns: this.client.name, protocol, family, port: i + 1, label: "elsewhere" });
    }
  }

  /** Of the query's entries; over loopback it gets a second one on its way in, which is in no zone. */
  #zone(sourcePort: number): number {
    const text = withinNamespace(
      this.host.name,
      () => Deno.readTextFileSync("/proc/thread-self/net/nf_conntrack"),
    );
    const entries = text.split("\n").filter((line) =>
      line.includes(`sport=${sourcePort} dport=53 `)
    );
    return Math.max(0, ...entries.map((line) => Number(/ zone=(\d+)/.exec(line)?.[1] ?? "0")));
  }
}

/** Whether the packet is one that the zones are for, and is new to conntrack on the host. */
function isQuery({ hook, protocol, destinationPort }: Packet): boolean {
  return hook === "output" && protocol === "udp" && destinationPort === 53;
}

/** Where a packet must arrive by its verdict, and in which zone. */
export function expectation(
  packet: Packet,
  { redirect, zone }: Verdict,
): ReturnType<PacketLab["send"]> {
  const local = packet.iface === "lo" || packet.hook === "prerouting";
  const port = redirect ?? (local ? packet.destinationPort : undefined);
  return {
    arrived: port === undefined ? "elsewhere" : `host:${port}`,
    zone: isQuery(packet) ? zone ?? 0 : undefined,
  };
}

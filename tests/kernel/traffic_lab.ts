/**
 * Two machines for the traffic matrix: a service host with application and sidecar ports, and a client
 * whose machine also answers for every other address that is ever called.
 *
 * @module
 */
import { FAMILIES, type Family } from "core/proxy/resolved.ts";
import { must } from "tests/support/processes.ts";
import { type FlowResult, Lab } from "tests/support/traffic/lab.ts";
import { formatEndpoint } from "tests/support/traffic/endpoint.ts";
import { addDefaultRoute, joinNamespaces } from "tests/support/traffic/namespaces.ts";
import { type Flow, type Role, ROLES } from "./flows.ts";
import { KUMA_DP_UID } from "./kumactl.ts";
import { Namespace } from "./namespace.ts";

const REMOTE_TCP = [22, 80, 443, 5000, 7001, 7017, 8000, 8010];
const REMOTE_UDP = [80, 5000];
const BEHIND_CLIENT: readonly Role[] = [
  "excluded",
  "resolver",
  "otherDns",
  "stranger",
  "neighbour",
];

/** First port to send from: none from here on is listened at. */
const FIRST_PORT = 20_000;

/** The two machines, wired and listening. */
export class TrafficLab implements AsyncDisposable {
  #sent = 0;

  private constructor(
    readonly host: Namespace,
    readonly client: Namespace,
    private readonly lab: Lab,
  ) {}

  /** Builds both machines. */
  static async create(): Promise<TrafficLab> {
    const host = await Namespace.create("host");
    const client = await Namespace.create("client");
    await joinNamespaces(
      { ns: host.name, iface: "eth0", addresses: withLength("host") },
      { ns: client.name, iface: "eth0", addresses: withLength("remote") },
    );
    const roles = BEHIND_CLIENT.flatMap((role) => Object.values(ROLES[role]));
    for (const address of roles) {
      // Nobody can bind to an address of IPv6 before the kernel has looked for another owner, in its own time.
      const [bits, ...noDad] = address.includes(":") ? ["128", "nodad"] : ["32"];
      const place = ["dev", "lo", ...noDad];
      await must("ip", ["-n", client.name, "addr", "add", `${address}/${bits}`, ...place]);
    }
    for (const family of FAMILIES) {
      await addDefaultRoute(host.name, ROLES.remote[family]);
      await addDefaultRoute(client.name, ROLES.host[family]);
    }
    const made = new TrafficLab(host, client, new Lab());
    for (const family of FAMILIES) made.#listen(family);
    return made;
  }

  /** Sends one flow; gives what is wrong with where it ended, or undefined. */
  send(flow: Flow, family: Family): string | undefined {
    const { from, source, protocol = "tcp" } = flow;
    const to = { address: ROLES[flow.to][family], port: flow.port };
    const result = this.lab.send({
      ns: from === "client" ? this.client.name : this.host.name,
      uid: from === "client" ? 0 : from,
      protocol,
      to,
      // One that no earlier flow had: its server may still remember that one (TIME_WAIT).
      sourcePort: FIRST_PORT + this.#sent++ % 40_000,
      ...(source === undefined ? {} : { source: ROLES[source][family] }),
    });
    const seen = result.listener ?? result.outcome;
    if (seen !== flow.expect) return `${flow.expect} expected, ${seen} seen`;
    if (protocol === "udp") return result.answered ? undefined : "no answer came back";
    return wrongOriginal(flow, result, formatEndpoint(to));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lab.close();
    await this.host[Symbol.asyncDispose]();
    await this.client[Symbol.asyncDispose]();
  }

  #listen(family: Family): void {
    const host = (protocol: "tcp" | "udp", port: number, label: string, role?: Role) =>
      this.lab.listen({
        ...{ ns: this.host.name, protocol, family, port, label },
        // The DNS proxy's answers find their conntrack zone by their owner.
        uid: port > 15000 ? KUMA_DP_UID : 0,
        ...(role === undefined ? {} : { address: ROLES[role][family] }),
      });
    host("tcp", 15001, "outbound");
    host("tcp", 15006, "inbound");
    host("tcp", 15053, "dns-proxy");
    host("tcp", 15054, "other-proxy");
    host("tcp", 8080, "app");
    host("tcp", 22, "ssh");
    host("udp", 8080, "app", "host");
    // A datagram socket answers from the address that it is bound to.
    host("udp", 15053, "dns-proxy", "localhost");
    host("udp", 15053, "dns-proxy", "host");
    host("udp", 15054, "other-proxy", "localhost");
    const remote = (protocol: "tcp" | "udp", port: number, label: string, role: Role) =>
      this.lab.listen({
        ...{ ns: this.client.name, protocol, family, port, label },
        address: ROLES[role][family],
      });
    for (const port of REMOTE_TCP) remote("tcp", port, "remote", "remote");
    for (const port of REMOTE_UDP) remote("udp", port, "remote", "remote");
    remote("tcp", 80, "remote", "excluded");
    for (const role of ["resolver", "otherDns"] as const) {
      for (const protocol of ["tcp", "udp"] as const) remote(protocol, 53, "dns-server", role);
    }
  }
}

/** The sidecar must learn where a redirected connection was going; others were going just there. */
function wrongOriginal(flow: Flow, result: FlowResult, to: string): string | undefined {
  const redirected = ["inbound", "outbound", "dns-proxy", "other-proxy"].includes(flow.expect);
  const original = result.original === undefined ? "none" : formatEndpoint(result.original);
  if (redirected && original !== to) return `original destination ${to} expected, ${original} seen`;
  return undefined;
}

function withLength(role: Role): string[] {
  return [`${ROLES[role].ipv4}/24`, `${ROLES[role].ipv6}/64`];
}

/**
 * What the demo sends and where each flow must end, as data.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import type { Lab, Protocol } from "tests/support/traffic/lab.ts";

/** Users of the service host. */
export const USERS = { root: 0, app: 1000, "kuma-dp": 5678 } as const;

/** The two namespaces of the demo. */
export interface Places {
  readonly host: string;
  readonly client: string;
}

/** Addresses of one family: the service host, the client, and a second DNS server on the client. */
export const ADDRESSES = {
  ipv4: {
    host: "10.88.0.1",
    client: "10.88.0.2",
    other: "10.88.0.3",
    local: "127.0.0.1",
    passthrough: "127.0.0.6",
    prefix: 24,
  },
  ipv6: {
    host: "fd88::1",
    client: "fd88::2",
    other: "fd88::3",
    local: "::1",
    passthrough: "::6",
    prefix: 64,
  },
} as const;

/** One flow of the demo. */
export interface DemoFlow {
  readonly name: string;
  readonly from: keyof Places;
  readonly user: keyof typeof USERS;
  readonly protocol: Protocol;
  readonly to: "host" | "client" | "other" | "local";
  readonly port: number;
  /** Label of the listener that must get it. */
  readonly expected: string;
  /** Sent from the address that Envoy binds for inbound passthrough. */
  readonly passthrough?: true;
}

const OUT = "outbound proxy :15001", IN = "inbound proxy :15006", DNS = "DNS proxy :15053";

/** Every flow; each is sent over IPv4 and over IPv6. */
export const FLOWS: readonly DemoFlow[] = [
  flow("client calls the service", "client", "root", "tcp", "host", 80, IN),
  flow("client calls SSH (excluded)", "client", "root", "tcp", "host", 22, "SSH :22"),
  flow("app calls another service", "host", "app", "tcp", "client", 80, OUT),
  flow("app calls a database (excluded)", "host", "app", "tcp", "client", 5432, "database :5432"),
  flow("kuma-dp calls another service", "host", "kuma-dp", "tcp", "client", 80, "web :80"),
  flow("app calls localhost", "host", "app", "tcp", "local", 9000, "app :9000"),
  flow("app calls its own address", "host", "app", "tcp", "host", 9000, "app :9000"),
  flow("kuma-dp calls its own service", "host", "kuma-dp", "tcp", "host", 9000, IN),
  {
    ...flow(
      "kuma-dp hands a request to the app",
      "host",
      "kuma-dp",
      "tcp",
      "host",
      9000,
      "app :9000",
    ),
    passthrough: true,
  },
  flow("app asks the DNS server, UDP", "host", "app", "udp", "client", 53, DNS),
  flow("app asks the DNS server, TCP", "host", "app", "tcp", "client", 53, DNS),
  flow("app asks another server, UDP", "host", "app", "udp", "other", 53, "other DNS :53"),
  flow("kuma-dp asks the DNS server, UDP", "host", "kuma-dp", "udp", "client", 53, "DNS :53"),
];

/** Arguments of the demo's `kumactl install transparent-proxy`. */
export const INSTALL_ARGUMENTS: readonly string[] = [
  "--kuma-dp-user",
  "kuma-dp",
  "--redirect-dns",
  "--exclude-inbound-ports",
  "22",
  "--exclude-outbound-ports",
  "5432",
];

function flow(
  name: string,
  from: DemoFlow["from"],
  user: DemoFlow["user"],
  protocol: Protocol,
  to: DemoFlow["to"],
  port: number,
  expected: string,
): DemoFlow {
  return { name, from, user, protocol, to, port, expected };
}

/** Starts what stands for kuma-dp, the application, and the services on the client. */
export function startListeners(lab: Lab, { host, client }: Places, family: Family): void {
  const addresses = ADDRESSES[family];
  const listen = (
    ns: string,
    protocol: Protocol,
    port: number,
    label: string,
    address?: string,
  ) => {
    // The answers of the DNS proxy keep to their conntrack zone only if kuma-dp's user owns the socket.
    const uid = / proxy :/.test(label) ? USERS["kuma-dp"] : 0;
    const bound = address === undefined ? {} : { address };
    lab.listen({ ns, protocol, family, port, label, uid, ...bound });
  };
  listen(host, "tcp", 15001, OUT);
  listen(host, "tcp", 15006, IN);
  listen(host, "tcp", 15053, DNS);
  listen(host, "udp", 15053, DNS, addresses.local);
  listen(host, "tcp", 22, "SSH :22");
  listen(host, "tcp", 9000, "app :9000");
  listen(client, "tcp", 80, "web :80");
  listen(client, "tcp", 5432, "database :5432");
  listen(client, "udp", 53, "DNS :53", addresses.client);
  listen(client, "udp", 53, "other DNS :53", addresses.other);
}

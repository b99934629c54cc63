/**
 * The flows that the traffic matrix drives: who sends what to whom, and who must get it. A row stands for
 * both families; where an address is named by its role, `ROLES` tells what it is in each.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import type { Protocol } from "tests/support/traffic/lab.ts";

/** Who an address belongs to. */
export type Role =
  /** The service host's own address. */
  | "host"
  /** A server elsewhere; behind it more addresses of the same machine: */
  | "remote"
  /** A Service of the cluster, whose only endpoint is `remote`. */
  | "service"
  | "excluded"
  | "resolver"
  | "otherDns"
  /** Sources on the client's machine. */
  | "stranger"
  | "neighbour"
  /** On no machine at all: packets for it pass the host. */
  | "far"
  /** The host's loopback. */
  | "localhost"
  | "passthrough";

/** Every role's address; the client's machine has all from `remote` to `neighbour`. */
export const ROLES: Record<Role, Record<Family, string>> = {
  host: { ipv4: "10.88.0.1", ipv6: "fd88::1" },
  remote: { ipv4: "10.88.0.2", ipv6: "fd88::2" },
  service: { ipv4: "10.0.77.77", ipv6: "fd88:77::77" },
  excluded: { ipv4: "10.88.7.7", ipv6: "fd88:7::7" },
  resolver: { ipv4: "10.88.5.53", ipv6: "fd88:5::53" },
  otherDns: { ipv4: "10.88.6.53", ipv6: "fd88:6::53" },
  stranger: { ipv4: "10.88.3.3", ipv6: "fd88:3::3" },
  neighbour: { ipv4: "10.88.9.4", ipv6: "fd88:9::4" },
  far: { ipv4: "10.89.0.9", ipv6: "fd89::9" },
  localhost: { ipv4: "127.0.0.1", ipv6: "::1" },
  passthrough: { ipv4: "127.0.0.6", ipv6: "::6" },
};

/** Who must get a flow: the label of a listener. */
export type Receiver =
  /** The sidecar's ports. */
  | "inbound"
  | "outbound"
  | "dns-proxy"
  /** The application's own ports. */
  | "app"
  | "ssh"
  /** Whatever listens on the client's machine. */
  | "remote"
  | "dns-server"
  /** A port to which somebody else's rule redirects. */
  | "other-proxy";

/** One row. */
export interface Flow {
  readonly what: string;
  /** Machine and user: `client`, or a UID on the service host. */
  readonly from: "client" | number;
  readonly source?: Role;
  readonly protocol?: Protocol;
  readonly to: Role;
  readonly port: number;
  readonly expect: Receiver;
  /** Why the BPF programs, which look at sockets and not at rules, do otherwise; they do the same where it is left out. */
  readonly notByBpf?: string;
  /** Only for this family; both where it is left out. */
  readonly only?: Family;
}

/** A configuration and the flows that tell whether it holds. */
export interface Scenario {
  readonly name: string;
  /** Arguments of `kumactl install transparent-proxy`. */
  readonly args: readonly string[];
  /** Lines for iptables-restore that somebody else's program put in before, for both families. */
  readonly foreign?: string;
  readonly flows: readonly Flow[];
}

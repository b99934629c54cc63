/**
 * The traffic matrix: configurations and the flows that each must steer.
 *
 * @module
 */
import { APP, BASICS, dns, ROOT, SIDECAR, UNTOUCHED } from "./basic_flows.ts";
import { ROLES, type Scenario } from "./flows.ts";

const FORWARDED = "what this machine only forwards has no socket here";
const MANY_PORTS = Array.from({ length: 17 }, (_, i) => 7001 + i);

/** All scenarios, in the order in which they are installed one over the other. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "defaults", args: [], flows: BASICS },
  {
    name: "exclusions",
    args: [
      "--exclude-inbound-ports",
      "22",
      "--exclude-inbound-ips",
      both("stranger"),
      "--exclude-inbound-ips",
      "10.88.9.0/24,fd88:9::/64",
      "--exclude-outbound-ports",
      "22,9000",
      "--exclude-outbound-ips",
      // Packets to an IPv4-mapped address leave as IPv4.
      "::ffff:10.88.7.0/120,fd88:7::/64",
      ...["tcp:443:1001", "tcp:8000-8010:1002-1004", "1006", "*:5000:1008"].flatMap(forUids),
      ...forUids(`tcp:${MANY_PORTS.join(",")}:1007`),
    ],
    flows: [
      ...BASICS,
      { what: "excluded inbound port", from: "client", to: "host", port: 22, expect: "ssh" },
      {
        what: "excluded source",
        from: "client",
        source: "stranger",
        to: "host",
        port: 8080,
        expect: "app",
      },
      {
        what: "source in an excluded network",
        from: "client",
        source: "neighbour",
        to: "host",
        port: 8080,
        expect: "app",
      },
      { what: "excluded outbound port", from: APP, to: "remote", port: 22, expect: "remote" },
      { what: "excluded network", from: APP, to: "excluded", port: 80, expect: "remote" },
      { what: "UID's excluded port", from: 1001, to: "remote", port: 443, expect: "remote" },
      { what: "that UID, other port", from: 1001, to: "remote", port: 80, expect: "outbound" },
      { what: "other UID, that port", from: 1000, to: "remote", port: 443, expect: "outbound" },
      {
        what: "first UID and port of ranges",
        from: 1002,
        to: "remote",
        port: 8000,
        expect: "remote",
      },
      {
        what: "last UID and port of ranges",
        from: 1004,
        to: "remote",
        port: 8010,
        expect: "remote",
      },
      { what: "UID past the range", from: 1005, to: "remote", port: 8005, expect: "outbound" },
      { what: "port past the range", from: 1003, to: "remote", port: 8011, expect: "outbound" },
      { what: "UID with every port", from: 1006, to: "remote", port: 80, expect: "remote" },
      { what: "wildcard protocol, TCP", from: 1008, to: "remote", port: 5000, expect: "remote" },
      {
        what: "wildcard protocol, UDP",
        from: 1008,
        protocol: "udp",
        to: "remote",
        port: 5000,
        expect: "remote",
      },
      { what: "first of 17 ports", from: 1007, to: "remote", port: 7001, expect: "remote" },
      { what: "last of 17 ports", from: 1007, to: "remote", port: 7017, expect: "remote" },
      { what: "none of 17 ports", from: 1007, to: "remote", port: 7018, expect: "outbound" },
    ],
  },
  {
    name: "all DNS captured",
    args: ["--redirect-all-dns-traffic", ...forUids("udp:53:1001")],
    flows: [
      ...BASICS,
      ...dns("application to its resolver", APP, "resolver", "dns-proxy", "dns-proxy"),
      ...dns("application to any server", APP, "otherDns", "dns-proxy", "dns-proxy"),
      ...dns("root to any server", ROOT, "otherDns", "dns-proxy", "dns-proxy"),
      ...dns("sidecar to its upstream", SIDECAR, "otherDns", "dns-server", "dns-server"),
      ...dns("application to localhost", APP, "localhost", "dns-proxy", "dns-proxy"),
      ...dns("UID whose udp/53 is excluded", 1001, "otherDns", "dns-server", "dns-proxy"),
    ],
  },
  {
    name: "DNS of resolv.conf's servers",
    args: ["--redirect-dns"],
    flows: [
      ...BASICS,
      ...dns("application to its resolver", APP, "resolver", "dns-proxy", "dns-proxy"),
      ...dns("application to another server", APP, "otherDns", "dns-server", "outbound"),
      ...dns("sidecar to the resolver", SIDECAR, "resolver", "dns-server", "dns-server"),
    ],
  },
  {
    name: "no conntrack zones",
    args: ["--redirect-all-dns-traffic", "--skip-dns-conntrack-zone-split"],
    flows: [
      ...dns("application to any server", APP, "otherDns", "dns-proxy", "dns-proxy"),
      ...dns("sidecar to its upstream", SIDECAR, "resolver", "dns-server", "dns-server"),
    ],
  },
  {
    name: "inbound off",
    args: ["--redirect-inbound=false"],
    flows: [
      { what: "client to a service port", from: "client", to: "host", port: 8080, expect: "app" },
      { what: "application out", from: APP, to: "remote", port: 80, expect: "outbound" },
      {
        what: "sidecar to its own address",
        from: SIDECAR,
        to: "host",
        port: 8080,
        expect: "inbound",
      },
    ],
  },
  {
    name: "outbound off",
    args: ["--config", '{"redirect":{"outbound":{"enabled":false}}}'],
    flows: [
      {
        what: "client to a service port",
        from: "client",
        to: "host",
        port: 8080,
        expect: "inbound",
      },
      { what: "application out", from: APP, to: "remote", port: 80, expect: "remote" },
      { what: "sidecar to its own address", from: SIDECAR, to: "host", port: 8080, expect: "app" },
    ],
  },
  {
    name: "included ports",
    args: [
      "--config",
      '{"redirect":{"inbound":{"includePorts":[8080],"excludePorts":[8080]},' +
      '"outbound":{"includePorts":[80]}}}',
    ],
    flows: [
      { what: "included inbound port", from: "client", to: "host", port: 8080, expect: "inbound" },
      { what: "other inbound port", from: "client", to: "host", port: 22, expect: "ssh" },
      { what: "included outbound port", from: APP, to: "remote", port: 80, expect: "outbound" },
      { what: "other outbound port", from: APP, to: "remote", port: 443, expect: "remote" },
    ],
  },
  {
    name: "virtual network",
    args: ["--vnet", "eth0:10.88.0.0/24", "--vnet", "eth+:fd88::/64"],
    flows: [
      {
        what: "leaves the network",
        from: "client",
        to: "far",
        port: 80,
        expect: "outbound",
        notByBpf: FORWARDED,
      },
      {
        what: "asks for a name",
        from: "client",
        protocol: "udp",
        to: "far",
        port: 53,
        expect: "dns-proxy",
        notByBpf: FORWARDED,
      },
      { what: "stays in the network", from: "client", to: "host", port: 8080, expect: "inbound" },
      { what: "application out", from: APP, to: "remote", port: 80, expect: "outbound" },
    ],
  },
  {
    name: "somebody else redirects first",
    args: [],
    foreign: foreignRedirects(),
    flows: [
      {
        what: "client to a service port",
        from: "client",
        to: "host",
        port: 8080,
        expect: "other-proxy",
      },
      {
        what: "application out",
        from: APP,
        to: "remote",
        port: 80,
        expect: "other-proxy",
        notByBpf: "at connect(2), which is before any rule of others",
      },
      { what: "other outbound port", from: APP, to: "remote", port: 443, expect: "outbound" },
    ],
  },
  {
    name: "inserted ahead of somebody else",
    args: [
      "--redirect-inbound-insert-instead-of-append",
      "--redirect-outbound-insert-instead-of-append",
    ],
    foreign: foreignRedirects(),
    flows: [
      {
        what: "client to a service port",
        from: "client",
        to: "host",
        port: 8080,
        expect: "inbound",
        notByBpf: "a rule of others that rewrites the packet in PREROUTING decides who gets it",
      },
      { what: "application out", from: APP, to: "remote", port: 80, expect: "outbound" },
      { what: "sidecar out", from: SIDECAR, to: "remote", port: 443, expect: "remote" },
    ],
  },
  {
    name: "Docker's own DNS rules",
    args: ["--redirect-all-dns-traffic"],
    // As in Docker's containers, whose OUTPUT jumps there itself: nftables cannot, into a table of others.
    foreign: "*nat\n:DOCKER_OUTPUT - [0:0]\n-A OUTPUT -p udp --dport 53 -j DOCKER_OUTPUT\n" +
      "-A DOCKER_OUTPUT -p udp --dport 53 -j REDIRECT --to-ports 15054\nCOMMIT\n",
    flows: [
      ...dns("application to any server", APP, "otherDns", "dns-proxy", "dns-proxy"),
      {
        what: "sidecar goes on to Docker's server",
        from: SIDECAR,
        protocol: "udp",
        to: "otherDns",
        port: 53,
        expect: "other-proxy",
      },
    ],
  },
  {
    name: "IPv4 alone",
    args: ["--ip-family-mode", "IPv4"],
    flows: [
      ...UNTOUCHED.map((flow) => ({ ...flow, only: "ipv6" as const })),
      ...BASICS.filter((flow) => flow.to !== "passthrough")
        .map((flow) => ({ ...flow, only: "ipv4" as const })),
    ],
  },
  {
    name: "IPv6 alone",
    args: ["--ip-family-mode", "ipv6"],
    flows: [
      ...UNTOUCHED.map((flow) => ({ ...flow, only: "ipv4" as const })),
      ...BASICS.map((flow) => ({ ...flow, only: "ipv6" as const })),
    ],
  },
];

function forUids(exclusion: string): string[] {
  return ["--exclude-outbound-ports-for-uids", exclusion];
}

function both(role: keyof typeof ROLES): string {
  return `${ROLES[role].ipv4},${ROLES[role].ipv6}`;
}

function foreignRedirects(): string {
  return "*nat\n-A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 15054\n" +
    "-A OUTPUT -p tcp --dport 80 -m owner --uid-owner 1000 -j REDIRECT --to-ports 15054\nCOMMIT\n";
}

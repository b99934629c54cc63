/**
 * Random configurations, facts and foreign rules for property tests (fast-check).
 *
 * @module
 */
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import type {
  Family,
  FamilyFacts,
  IpPrefix,
  NumberRange,
  ResolvedConfig,
  ResolvedTraffic,
} from "../../proxy/resolved.ts";

/** Values that only a hostile or broken caller would hand over: none may reach a rule line. */
const HOSTILE = [
  "; rm -rf /",
  "1.2.3.4\n-A OUTPUT -j DROP",
  'a" -j DROP "',
  "$(id)",
  "`id`",
  "-j",
  "! -d",
  "",
  " ",
  "x\u0000y",
  "été",
  "\u2028",
  "a b",
  "..\\",
  "%n",
];
const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ maxLength: 20, unit: anyCharacter }),
);

/** How wild the generated values are: `clean` ones are all valid, `hostile` ones may be anything. */
export type Wildness = "clean" | "hostile";

const port = fc.integer({ min: 1, max: 65535 });
const uid = fc.integer({ min: 0, max: 4294967294 });

function range(of: fc.Arbitrary<number>): fc.Arbitrary<NumberRange> {
  return fc.oneof(
    of.map((from) => ({ from, to: from })),
    fc.tuple(of, of).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
  );
}

function sometimes<T>(wild: Wildness, clean: fc.Arbitrary<T>, other: fc.Arbitrary<T>) {
  return wild === "clean" ? clean : fc.oneof({ weight: 30, arbitrary: clean }, {
    weight: 1,
    arbitrary: other,
  });
}

const ipv4 = fc.oneof(fc.ipV4(), fc.constantFrom("127.0.0.11", "10.1.2.3"));
const address = (family: Family) => family === "ipv4" ? ipv4 : fc.ipV6();

/** An address or CIDR of either family. */
function prefix(wild: Wildness): fc.Arbitrary<IpPrefix> {
  const one = (family: Family) =>
    fc.tuple(
      sometimes(wild, address(family), hostile),
      fc.option(fc.integer({ min: 0, max: family === "ipv4" ? 32 : 128 })),
    ).map(([text, bits]) => ({ family, text: bits === null ? text : `${text}/${bits}` }));
  return fc.oneof(one("ipv4"), one("ipv6"));
}

function chainNames(wild: Wildness): fc.Arbitrary<string[]> {
  const usual = ["INBOUND", "INBOUND_REDIRECT", "OUTBOUND", "OUTBOUND_REDIRECT"];
  const own = fc.uniqueArray(fc.stringMatching(/^[A-Z0-9_]{1,18}$/), {
    minLength: 4,
    maxLength: 4,
  });
  const names = fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, {
    weight: 1,
    arbitrary: own,
  });
  return sometimes(wild, names, fc.array(hostile, { minLength: 4, maxLength: 4 }))
    .map((suffixes) => suffixes.map((suffix) => `KUMA_MESH_${suffix}`));
}

function traffic(wild: Wildness): fc.Arbitrary<Omit<ResolvedTraffic, "chain" | "redirectChain">> {
  const few = { maxLength: 4 };
  return fc.record({
    enabled: fc.boolean(),
    port: sometimes(wild, port, fc.double()),
    includePorts: fc.oneof(fc.constant([]), fc.array(port, few)),
    excludePorts: fc.array(port, few),
    excludeUids: fc.array(
      fc.record({
        protocol: fc.constantFrom("tcp" as const, "udp" as const),
        ports: fc.array(range(port), { minLength: 1, maxLength: 20 }),
        uids: sometimes(wild, range(uid), range(fc.double())),
      }),
      { maxLength: 3 },
    ),
    excludeAddresses: fc.array(prefix(wild), few),
    insertJump: fc.boolean(),
  });
}

/** Any configuration at all. */
export function anyConfig(wild: Wildness): fc.Arbitrary<ResolvedConfig> {
  const iface = fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}\+?$/);
  const vnet = fc.record({ iface: sometimes(wild, iface, hostile), cidr: prefix(wild) });
  return fc.record({
    uid: sometimes(wild, uid, fc.double()),
    ipFamilyMode: fc.constant("dualstack" as const),
    inbound: traffic(wild),
    outbound: traffic(wild),
    names: chainNames(wild),
    dns: fc.record({
      enabled: fc.boolean(),
      port,
      captureAll: fc.boolean(),
      zoneSplit: fc.boolean(),
      resolvConfigPath: fc.constant("/etc/resolv.conf"),
    }),
    vnets: fc.array(vnet, { maxLength: 3 }),
    dropInvalidPackets: fc.boolean(),
    logLevel: fc.option(sometimes(wild, fc.integer({ min: 0, max: 7 }), fc.double()), {
      nil: undefined,
    }),
    comments: fc.boolean(),
  }).map(({ names: [a = "", b = "", c = "", d = ""], ...rest }) => ({
    ...rest,
    inbound: { ...rest.inbound, chain: a, redirectChain: b },
    outbound: { ...rest.outbound, chain: c, redirectChain: d },
  }));
}

/** Any host. */
export function anyFacts(wild: Wildness): fc.Arbitrary<FamilyFacts> {
  const one = (family: Family) =>
    fc.record({
      family: fc.constant(family),
      loopback: sometimes(wild, fc.constantFrom("lo", "loopback0"), hostile),
      dnsServers: fc.array(sometimes(wild, address(family), hostile), { maxLength: 3 }),
      comments: fc.boolean(),
      conntrackZones: fc.boolean(),
      mangle: fc.boolean(),
      dockerOutput: fc.boolean(),
    });
  return fc.oneof(one("ipv4"), one("ipv6"));
}

/** Text of `iptables-save` as a machine with other people's rules may print it; often empty. */
export function anyForeignSave(): fc.Arbitrary<string> {
  const rule = fc.constantFrom(
    "-p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 18080",
    '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    "-m addrtype --dst-type LOCAL -j DOCKER",
    "-d 127.0.0.11/32 -j DOCKER_OUTPUT",
    "-i docker0 -j RETURN",
    '-m comment --comment "it\\\'s \\"odd\\" -j KUMA_MESH_INBOUND" -j ACCEPT',
    "-p tcp",
    '-j LOG --log-prefix "-d odd "',
  );
  const rules = (chain: string) =>
    fc.array(rule, { maxLength: 3 }).map((texts) => texts.map((text) => `-A ${chain} ${text}`));
  const nat = fc.tuple(rules("PREROUTING"), rules("OUTPUT"), rules("DOCKER"), rules("POSTROUTING"))
    .map(([pre, out, docker, post]) =>
      [
        "# Generated by iptables-nft-save v1.8.9 (nf_tables)",
        "*nat",
        ":PREROUTING ACCEPT [0:0]",
        ":INPUT ACCEPT [0:0]",
        ":OUTPUT ACCEPT [12:720]",
        ":POSTROUTING ACCEPT [0:0]",
        ":DOCKER - [0:0]",
        ":DOCKER_OUTPUT - [0:0]",
        ":KUBE-SERVICES - [0:0]",
        ...pre,
        ...out,
        ...post,
        ...docker,
        "COMMIT",
        "# Completed",
        "",
      ].join("\n")
    );
  const filter = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" +
    "-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
  return fc.oneof(fc.constant(""), nat, nat.map((text) => filter + text));
}

import assert from "node:assert/strict";
import type { FamilyFacts, ResolvedConfig } from "../proxy/resolved.ts";
import { buildRuleset } from "./build.ts";
import { renderRestore } from "./render.ts";
import { exampleConfig, exampleDns, exampleFacts, exampleTraffic } from "./testing/examples.ts";

const COMMENT = / -m comment --comment "kuma\/mesh\/transparent\/proxy\/[^"]+"/;

/** The lines of the rendered rules without their comments, every one of which must be there. */
function lines(config: Partial<ResolvedConfig>, facts: Partial<FamilyFacts> = {}): string[] {
  const { family = "ipv4" } = facts;
  const text = renderRestore(buildRuleset(exampleConfig(config), exampleFacts(family, facts)));
  return text.trimEnd().split("\n").map((line) => {
    assert.equal(/^-[AI]/.test(line), COMMENT.test(line), `every rule has a comment: ${line}`);
    return line.replace(COMMENT, "");
  });
}

function chain(name: string, config: Partial<ResolvedConfig>, facts: Partial<FamilyFacts> = {}) {
  return lines(config, facts).filter((line) => line.startsWith(`-A ${name} `))
    .map((line) => line.slice(`-A ${name} `.length));
}

/** Rules of a built-in chain with their verb and position. */
function builtIn(table: string, name: string, config: Partial<ResolvedConfig>, facts = {}) {
  const all = lines(config, facts);
  const from = all.indexOf(`* ${table}`);
  if (from < 0) return [];
  return all.slice(from, all.indexOf("COMMIT", from))
    .filter((line) => line.startsWith(`-A ${name} `) || line.startsWith(`-I ${name} `));
}

const four = (text: string) => ({ family: "ipv4", text } as const);
const six = (text: string) => ({ family: "ipv6", text } as const);
const one = (value: number) => ({ from: value, to: value });

const NAT_HEAD = [
  "* nat",
  "-N KUMA_MESH_INBOUND",
  "-N KUMA_MESH_OUTBOUND",
  "-N KUMA_MESH_INBOUND_REDIRECT",
  "-N KUMA_MESH_OUTBOUND_REDIRECT",
];

Deno.test("the default configuration is these lines and no others", () => {
  assert.deepEqual(lines({}), [
    ...NAT_HEAD,
    "-A PREROUTING -p tcp -j KUMA_MESH_INBOUND",
    "-A OUTPUT -p tcp -j KUMA_MESH_OUTBOUND",
    "-A KUMA_MESH_INBOUND -p tcp -j KUMA_MESH_INBOUND_REDIRECT",
    "-A KUMA_MESH_OUTBOUND -s 127.0.0.6/32 -o lo -j RETURN",
    "-A KUMA_MESH_OUTBOUND -p tcp -o lo ! -d 127.0.0.1/32 -m owner --uid-owner 5678 " +
    "-j KUMA_MESH_INBOUND_REDIRECT",
    "-A KUMA_MESH_OUTBOUND -p tcp -o lo -m owner ! --uid-owner 5678 -j RETURN",
    "-A KUMA_MESH_OUTBOUND -m owner --uid-owner 5678 -j RETURN",
    "-A KUMA_MESH_OUTBOUND -d 127.0.0.1/32 -j RETURN",
    "-A KUMA_MESH_OUTBOUND -j KUMA_MESH_OUTBOUND_REDIRECT",
    "-A KUMA_MESH_INBOUND_REDIRECT -p tcp -j REDIRECT --to-ports 15006",
    "-A KUMA_MESH_OUTBOUND_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
    "COMMIT",
  ]);
});

Deno.test("IPv6 has its own passthrough and localhost", () => {
  assert.deepEqual(chain("KUMA_MESH_OUTBOUND", {}, { family: "ipv6" }), [
    "-s ::6/128 -o lo -j RETURN",
    "-p tcp -o lo ! -d ::1/128 -m owner --uid-owner 5678 -j KUMA_MESH_INBOUND_REDIRECT",
    "-p tcp -o lo -m owner ! --uid-owner 5678 -j RETURN",
    "-m owner --uid-owner 5678 -j RETURN",
    "-d ::1/128 -j RETURN",
    "-j KUMA_MESH_OUTBOUND_REDIRECT",
  ]);
});

const allDns = { dns: exampleDns({ enabled: true, captureAll: true }) };
const serverDns = { dns: exampleDns({ enabled: true }) };

Deno.test("all DNS captured: zones, redirects ahead of everything, the sidecar left alone", () => {
  assert.deepEqual(builtIn("raw", "PREROUTING", allDns), [
    "-A PREROUTING -p udp --sport 53 -j CT --zone 1",
  ]);
  assert.deepEqual(builtIn("raw", "OUTPUT", allDns), [
    "-A OUTPUT -p udp --dport 53 -m owner --uid-owner 5678 -j CT --zone 1",
    "-A OUTPUT -p udp --sport 15053 -m owner --uid-owner 5678 -j CT --zone 2",
    "-A OUTPUT -p udp --dport 53 -j CT --zone 2",
  ]);
  assert.deepEqual(builtIn("nat", "OUTPUT", allDns), [
    "-I OUTPUT 1 -p udp --dport 53 -m owner --uid-owner 5678 -j RETURN",
    "-I OUTPUT 2 -p udp --dport 53 -j REDIRECT --to-ports 15053",
    "-A OUTPUT -p tcp -j KUMA_MESH_OUTBOUND",
  ]);
  assert.deepEqual(chain("KUMA_MESH_OUTBOUND", allDns).slice(1, 6), [
    "-p tcp ! --dport 53 -o lo ! -d 127.0.0.1/32 -m owner --uid-owner 5678 " +
    "-j KUMA_MESH_INBOUND_REDIRECT",
    "-p tcp ! --dport 53 -o lo -m owner ! --uid-owner 5678 -j RETURN",
    "-m owner --uid-owner 5678 -j RETURN",
    "-p tcp --dport 53 -j REDIRECT --to-ports 15053",
    "-d 127.0.0.1/32 -j RETURN",
  ]);
});

Deno.test("DNS of named servers: one rule a server, answers of loopback servers in zone 1", () => {
  const facts = { dnsServers: ["127.0.0.11", "10.0.0.2"] };
  assert.deepEqual(builtIn("raw", "PREROUTING", serverDns, facts), [
    "-A PREROUTING -s 127.0.0.11 -p udp --sport 53 -j CT --zone 1",
    "-A PREROUTING -s 10.0.0.2 -p udp --sport 53 -j CT --zone 1",
  ]);
  assert.deepEqual(builtIn("raw", "OUTPUT", serverDns, facts).slice(2), [
    "-A OUTPUT -d 127.0.0.11 -p udp --dport 53 -j CT --zone 2",
    "-A OUTPUT -s 127.0.0.11 -d 127.0.0.1/32 -p udp -j CT --zone 1",
    "-A OUTPUT -d 10.0.0.2 -p udp --dport 53 -j CT --zone 2",
  ]);
  assert.deepEqual(builtIn("nat", "OUTPUT", serverDns, facts).slice(1, 3), [
    "-I OUTPUT 2 -d 127.0.0.11 -p udp --dport 53 -j REDIRECT --to-ports 15053",
    "-I OUTPUT 3 -d 10.0.0.2 -p udp --dport 53 -j REDIRECT --to-ports 15053",
  ]);
  const v6 = { family: "ipv6", dnsServers: ["::1"] } as const;
  assert.deepEqual(
    builtIn("raw", "OUTPUT", serverDns, v6).at(-1),
    "-A OUTPUT -s ::1 -d ::1/128 -p udp -j CT --zone 1",
  );
});

Deno.test("DNS is off for a family without servers, but not where all of it is captured", () => {
  assert.deepEqual(lines(serverDns, { dnsServers: [] }), lines({}));
  assert.deepEqual(lines(allDns, { dnsServers: [] }), lines(allDns));
});

Deno.test("zones need the host's support, and give way to Docker where all DNS is captured", () => {
  const off = { dns: { ...allDns.dns, zoneSplit: false } };
  assert.deepEqual(builtIn("raw", "OUTPUT", off), []);
  assert.deepEqual(builtIn("raw", "OUTPUT", allDns, { conntrackZones: false }), []);
  assert.deepEqual(builtIn("raw", "OUTPUT", allDns, { dockerOutput: true }), []);
  assert.equal(builtIn("raw", "OUTPUT", serverDns, { dockerOutput: true }).length, 3);
  assert.equal(
    builtIn("nat", "OUTPUT", serverDns, { dockerOutput: true })[0],
    "-I OUTPUT 1 -p udp --dport 53 -m owner --uid-owner 5678 -j DOCKER_OUTPUT",
  );
});

Deno.test("outbound exclusions: UIDs, then addresses of the family, then DNS, then the jump", () => {
  const outbound = exampleTraffic("outbound", {
    insertJump: true,
    excludeUids: [
      { protocol: "tcp", ports: [one(22), { from: 80, to: 90 }], uids: { from: 106, to: 108 } },
      { protocol: "udp", ports: [one(53)], uids: one(4294967294) },
    ],
    excludeAddresses: [four("10.1.2.3/8"), six("fd00::/8"), four("192.0.2.1")],
  });
  assert.deepEqual(builtIn("nat", "OUTPUT", { outbound, logLevel: 4, ...allDns }), [
    "-I OUTPUT 1 -j LOG --log-prefix OUTPUT: --log-level 4",
    "-I OUTPUT 2 -m multiport -p tcp --dport 22,80:90 -m owner --uid-owner 106:108 -j RETURN",
    "-I OUTPUT 3 -m multiport -p udp --dport 53 -m owner --uid-owner 4294967294 -j RETURN",
    "-I OUTPUT 4 -d 10.1.2.3/8 -j RETURN",
    "-I OUTPUT 5 -d 192.0.2.1 -j RETURN",
    "-I OUTPUT 6 -p udp --dport 53 -m owner --uid-owner 5678 -j RETURN",
    "-I OUTPUT 7 -p udp --dport 53 -j REDIRECT --to-ports 15053",
    "-I OUTPUT 8 -p tcp -j KUMA_MESH_OUTBOUND",
  ]);
});

Deno.test("more than 15 slots of ports become several rules; a range takes two slots", () => {
  const ports = [
    ...Array.from({ length: 14 }, (_, i) => one(i + 1)),
    { from: 20, to: 30 },
    one(40),
  ];
  const outbound = exampleTraffic("outbound", {
    excludeUids: [{ protocol: "tcp", ports, uids: one(7) }],
  });
  assert.deepEqual(builtIn("nat", "OUTPUT", { outbound }), [
    "-I OUTPUT 1 -m multiport -p tcp --dport 1,2,3,4,5,6,7,8,9,10,11,12,13,14 " +
    "-m owner --uid-owner 7 -j RETURN",
    "-I OUTPUT 2 -m multiport -p tcp --dport 20:30,40 -m owner --uid-owner 7 -j RETURN",
    "-A OUTPUT -p tcp -j KUMA_MESH_OUTBOUND",
  ]);
});

Deno.test("ports: excluded ones return, included ones replace the exclusion", () => {
  const excluding = {
    inbound: exampleTraffic("inbound", {
      excludePorts: [22, 80],
      excludeAddresses: [four("1.2.3.4")],
    }),
    outbound: exampleTraffic("outbound", { excludePorts: [443] }),
  };
  assert.deepEqual(chain("KUMA_MESH_INBOUND", excluding), [
    "-s 1.2.3.4 -j RETURN",
    "-p tcp --dport 22 -j RETURN",
    "-p tcp --dport 80 -j RETURN",
    "-p tcp -j KUMA_MESH_INBOUND_REDIRECT",
  ]);
  assert.equal(chain("KUMA_MESH_OUTBOUND", excluding)[0], "-p tcp --dport 443 -j RETURN");
  const including = {
    inbound: exampleTraffic("inbound", { includePorts: [8080], excludePorts: [22] }),
    outbound: exampleTraffic("outbound", { includePorts: [443, 80], excludePorts: [22] }),
  };
  assert.deepEqual(chain("KUMA_MESH_INBOUND", including), [
    "-p tcp --dport 8080 -j KUMA_MESH_INBOUND_REDIRECT",
  ]);
  assert.deepEqual(chain("KUMA_MESH_OUTBOUND", including).slice(-3), [
    "-d 127.0.0.1/32 -j RETURN",
    "-p tcp --dport 443 -j KUMA_MESH_OUTBOUND_REDIRECT",
    "-p tcp --dport 80 -j KUMA_MESH_OUTBOUND_REDIRECT",
  ]);
  assert.equal(chain("KUMA_MESH_OUTBOUND", including)[0], "-s 127.0.0.6/32 -o lo -j RETURN");
});

Deno.test("a direction that is off returns at once; its jump stays", () => {
  const off = {
    inbound: exampleTraffic("inbound", { enabled: false, excludePorts: [22] }),
    outbound: exampleTraffic("outbound", { enabled: false, excludePorts: [22] }),
  };
  assert.deepEqual(lines(off), [
    ...NAT_HEAD,
    "-A PREROUTING -p tcp -j KUMA_MESH_INBOUND",
    "-A OUTPUT -p tcp -j KUMA_MESH_OUTBOUND",
    "-A KUMA_MESH_INBOUND -p tcp -j RETURN",
    "-A KUMA_MESH_OUTBOUND -p tcp -j RETURN",
    "-A KUMA_MESH_INBOUND_REDIRECT -p tcp -j REDIRECT --to-ports 15006",
    "-A KUMA_MESH_OUTBOUND_REDIRECT -p tcp -j REDIRECT --to-ports 15001",
    "COMMIT",
  ]);
});

Deno.test("virtual networks stand first in PREROUTING, by name, the last one of a name counting", () => {
  const vnets = [
    { iface: "docker0", cidr: four("172.17.0.0/16") },
    { iface: "br+", cidr: four("172.18.0.0/16") },
    { iface: "docker0", cidr: four("172.20.0.0/16") },
    { iface: "all0", cidr: four("0.0.0.0/0") },
    { iface: "six0", cidr: six("fd00::/64") },
  ];
  assert.deepEqual(builtIn("nat", "PREROUTING", { vnets, logLevel: 7 }), [
    "-A PREROUTING -j LOG --log-prefix PREROUTING: --log-level 7",
    "-I PREROUTING 1 -i all0 -m udp -p udp --dport 53 -j REDIRECT --to-ports 15053",
    "-I PREROUTING 2 -i br+ -m udp -p udp --dport 53 -j REDIRECT --to-ports 15053",
    "-I PREROUTING 3 ! -d 172.18.0.0/16 -i br+ -p tcp -j REDIRECT --to-ports 15001",
    "-I PREROUTING 4 -i docker0 -m udp -p udp --dport 53 -j REDIRECT --to-ports 15053",
    "-I PREROUTING 5 ! -d 172.20.0.0/16 -i docker0 -p tcp -j REDIRECT --to-ports 15001",
    "-I PREROUTING 6 -p tcp -j KUMA_MESH_INBOUND",
  ]);
  assert.equal(builtIn("nat", "PREROUTING", { vnets }, { family: "ipv6" }).length, 3);
  const inbound = exampleTraffic("inbound", { insertJump: true });
  assert.deepEqual(builtIn("nat", "PREROUTING", { inbound }), [
    "-I PREROUTING 1 -p tcp -j KUMA_MESH_INBOUND",
  ]);
});

Deno.test("invalid packets are dropped where that is wished and mangle works", () => {
  const drop = { dropInvalidPackets: true };
  assert.deepEqual(lines(drop).slice(-3), [
    "* mangle",
    "-A PREROUTING -m conntrack --ctstate INVALID -j DROP",
    "COMMIT",
  ]);
  assert.deepEqual(lines(drop, { mangle: false }), lines({}));
});

Deno.test("no comments where they are off or the match is missing", () => {
  for (const [config, facts] of [[{ comments: false }, {}], [{}, { comments: false }]]) {
    const ruleset = buildRuleset(exampleConfig(config), exampleFacts("ipv4", facts));
    assert(!renderRestore(ruleset).includes("comment"));
  }
});

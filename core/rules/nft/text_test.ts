import assert from "node:assert/strict";
import { KumaError } from "../../errors.ts";
import { buildRuleset } from "../build.ts";
import { exampleConfig, exampleDns, exampleFacts, exampleTraffic } from "../testing/examples.ts";
import { buildNftTable } from "./build.ts";
import { renderNft, renderNftRule } from "./text.ts";

function textOf(changes: Parameters<typeof exampleConfig>[0]): string {
  const config = exampleConfig({ comments: false, ...changes });
  const rulesets = (["ipv4", "ipv6"] as const)
    .map((family) => buildRuleset(config, exampleFacts(family)));
  return renderNft(buildNftTable(rulesets));
}

Deno.test("the defaults: what both families have in common is written once", () => {
  assert.equal(
    textOf({}),
    `table inet kuma-mesh
delete table inet kuma-mesh
table inet kuma-mesh {
	chain KUMA_MESH_OUTBOUND_REDIRECT {
		meta l4proto tcp counter redirect to :15001
	}

	chain KUMA_MESH_INBOUND_REDIRECT {
		meta l4proto tcp counter redirect to :15006
	}

	chain KUMA_MESH_OUTBOUND {
		ip saddr 127.0.0.6/32 oifname "lo" counter return
		meta nfproto ipv4 meta l4proto tcp oifname "lo" ip daddr != 127.0.0.1/32 meta skuid 5678 counter jump KUMA_MESH_INBOUND_REDIRECT
		ip6 saddr ::6/128 oifname "lo" counter return
		meta nfproto ipv6 meta l4proto tcp oifname "lo" ip6 daddr != ::1/128 meta skuid 5678 counter jump KUMA_MESH_INBOUND_REDIRECT
		meta l4proto tcp oifname "lo" counter return
		meta skuid 5678 counter return
		ip daddr 127.0.0.1/32 counter return
		ip6 daddr ::1/128 counter return
		counter jump KUMA_MESH_OUTBOUND_REDIRECT
	}

	chain KUMA_MESH_INBOUND {
		meta l4proto tcp counter jump KUMA_MESH_INBOUND_REDIRECT
	}

	chain nat-prerouting-last {
		type nat hook prerouting priority -99; policy accept;
		meta l4proto tcp counter jump KUMA_MESH_INBOUND
	}

	chain nat-output-last {
		type nat hook output priority -99; policy accept;
		meta l4proto tcp counter jump KUMA_MESH_OUTBOUND
	}
}
`,
  );
});

Deno.test("many ports, addresses and users become sets; what overlaps is joined", () => {
  const uids = (from: number, to: number) =>
    (["tcp", "udp"] as const).map((protocol) => ({
      protocol,
      ports: [{ from: 80, to: 90 }, { from: 91, to: 91 }, { from: 443, to: 443 }],
      uids: { from, to },
    }));
  const text = textOf({
    inbound: exampleTraffic("inbound", {
      excludePorts: [22, 9901, 22],
      excludeAddresses: [
        { family: "ipv4", text: "10.1.0.0/16" },
        { family: "ipv4", text: "10.0.0.0/8" },
        { family: "ipv6", text: "fd00::/64" },
      ],
    }),
    outbound: exampleTraffic("outbound", {
      excludeUids: [...uids(1000, 1000), ...uids(1002, 1005)],
    }),
  });
  assert.match(text, /elements = \{ 22, 9901 \}/);
  assert.match(text, /flags interval\n\t\telements = \{ 10\.0\.0\.0-10\.255\.255\.255 \}/);
  assert.match(text, /elements = \{ 80-91, 443 \}/);
  assert.match(text, /elements = \{ 1000, 1002-1005 \}/);
  assert.match(
    text,
    /tcp dport @ports-1 meta skuid @uids-1 counter return\n.*udp dport @ports-1 meta skuid @uids-1 counter return/,
  );
  assert.match(text, /ip6 saddr fd00::\/64 counter return/);
});

Deno.test("DNS is caught before everybody's rules, its exclusions are said again behind them", () => {
  const text = textOf({ dns: exampleDns({ enabled: true, captureAll: true }) });
  const first = /chain nat-output-first \{\n([^}]*)/.exec(text)?.[1] ?? "";
  const last = /chain nat-output-last \{\n([^}]*)/.exec(text)?.[1] ?? "";
  assert.match(
    first,
    /priority -101.*\n.*udp dport 53 meta skuid 5678 counter return\n.*udp dport 53 counter redirect to :15053/,
  );
  assert.match(
    last,
    /priority -99.*\n.*udp dport 53 meta skuid 5678 counter return\n.*counter jump KUMA_MESH_OUTBOUND/,
  );
  assert.match(text, /priority -300.*\n.*udp sport 53 counter ct zone set 1/);
});

Deno.test("a value that is none is refused as it is for iptables", () => {
  const refused = (thrown: unknown) => thrown instanceof KumaError && thrown.code === "KUMA-TP-101";
  const target = { kind: "return" } as const;
  for (
    const match of [
      { kind: "interface", side: "in", name: 'x" drop' },
      { kind: "port", side: "source", value: { one: { from: 1, to: 70000 } } },
      { kind: "uid", value: { one: { from: -1, to: -1 } } },
      { kind: "address", side: "source", value: { one: "1.2.3.4; drop" } },
    ] as const
  ) {
    assert.throws(() => renderNftRule({ family: "ipv4", matches: [match], target }), refused);
  }
});

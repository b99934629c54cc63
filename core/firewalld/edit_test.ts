import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "../errors.ts";
import { defaultConfig } from "../proxy/config.ts";
import { resolveConfig } from "../proxy/resolve.ts";
import type { Family } from "../proxy/resolved.ts";
import { buildRuleset } from "../rules/build.ts";
import type { Ruleset } from "../rules/model.ts";
import { mergeDirect, removeDirect } from "./edit.ts";
import { scanDirect } from "./scan.ts";
import { runs } from "tests/support/property.ts";

function ruleset(family: Family, change: (config: ReturnType<typeof defaultConfig>) => void) {
  const config = defaultConfig();
  change(config);
  return buildRuleset(resolveConfig(config, 5678), {
    family,
    loopback: "lo",
    dnsServers: [],
    comments: true,
    conntrackZones: true,
    mangle: true,
    dockerOutput: false,
  });
}

const PLAIN = [ruleset("ipv4", () => {}), ruleset("ipv6", () => {})];
const DNS = [ruleset("ipv4", (config) => {
  config.redirect.dns.enabled = config.redirect.dns.captureAll = true;
  config.redirect.outbound.excludePortsForUIDs = ["tcp,udp:53,80-90:1000"];
  config.redirect.outbound.excludePortsForIPs = ["10.0.0.0/8", "192.168.0.0/16"];
})];
const SILENT = [ruleset("ipv4", (config) => {
  config.redirect.dns.enabled = config.redirect.dns.captureAll = true;
  config.comments.disabled = true;
})];
const ALL: readonly (readonly Ruleset[])[] = [PLAIN, DNS, SILENT];

const FOREIGN = `<?xml version="1.0" encoding="utf-8"?>
<!-- kept by hand -->
<direct>
\t<chain table='nat' ipv="ipv4"  chain="blacklist"/>
  <rule ipv="ipv4" table="filter" chain="INPUT" priority="0">-m comment --comment "a &amp; b" -j ACCEPT</rule>
  <unknown some="thing"><rule ipv="ipv4">nested</rule></unknown><passthrough ipv="ipv4">-t nat -N X</passthrough>

  <!-- last -->
</direct>

`;

Deno.test("a fresh file holds chains first, then rules, in Kuma's form", () => {
  const text = mergeDirect(undefined, PLAIN);
  const lines = text.split("\n");
  assert.equal(lines[0], '<?xml version="1.0" encoding="UTF-8"?>');
  assert.equal(lines[1], "<direct>");
  assert.equal(lines[2], '  <chain ipv="ipv4" table="nat" chain="KUMA_MESH_INBOUND"></chain>');
  assert.equal(lines.at(-1), "</direct>");
  const names = scanDirect(text).children.map(({ name }) => name);
  assert.equal(names.lastIndexOf("chain"), names.indexOf("rule") - 1);
  assert.match(
    text,
    /<rule ipv="ipv6" table="nat" chain="PREROUTING" priority="3">-m comment --comment &#34;kuma\/mesh/,
  );
});

Deno.test("inserted rules have lower priorities than 3, in their order; appended ones have 3", () => {
  const { children } = scanDirect(mergeDirect(undefined, DNS));
  const output = children.filter(({ name, attributes }) =>
    name === "rule" && attributes.get("table") === "nat" && attributes.get("chain") === "OUTPUT"
  );
  const priorities = output.map(({ attributes }) => Number(attributes.get("priority")));
  assert.deepEqual(priorities, [-6, -5, -4, -3, -2, -1, 3]);
  assert.match(output[0]?.text ?? "", /-m multiport -p tcp --dport 53,80:90/);
  assert.match(output[2]?.text ?? "", /-d 10\.0\.0\.0\/8 -j RETURN/);
});

Deno.test("what is put in can be taken out: the bytes are those before, a file of our own goes", () => {
  const shapes = [
    FOREIGN,
    "<direct/>",
    "<direct />\n",
    "<direct></direct>",
    '<?xml version="1.0"?>\n<direct>\n</direct>\n',
    "\uFEFF<direct>\r\n</direct >\r\n",
    "<direct><!-- </direct> --><![CDATA[ <x> ]]></direct>",
  ];
  for (const rulesets of ALL) {
    for (const shape of shapes) {
      const merged = mergeDirect(shape, rulesets);
      assert.notEqual(merged, shape);
      assert.equal(removeDirect(merged), shape, JSON.stringify(shape));
    }
    assert.equal(removeDirect(mergeDirect(undefined, rulesets)), undefined);
  }
});

Deno.test("merging again changes nothing, merging others leaves exactly the others", () => {
  for (const shape of [undefined, FOREIGN]) {
    for (const one of ALL) {
      const once = mergeDirect(shape, one);
      assert.equal(mergeDirect(once, one), once);
      for (const other of ALL) {
        assert.equal(mergeDirect(once, other), mergeDirect(shape, other));
      }
    }
  }
});

Deno.test("what others wrote stays, byte for byte and in order", () => {
  const merged = mergeDirect(FOREIGN, DNS);
  const cut = FOREIGN.indexOf("\n</direct>");
  assert(merged.startsWith(FOREIGN.slice(0, cut)));
  assert(merged.endsWith(FOREIGN.slice(cut)));
});

Deno.test("malformed documents are refused with line and column", () => {
  const cases: [string, RegExp][] = [
    ["", /line 1, column 1: there is no <direct> element/],
    ["<direct>\n  <rule>", /line 2, column 3: element <rule> is never closed/],
    ["<direct>\n  <rule></direct>", /line 2, column 9: <\/direct> where <\/rule> is expected/],
    ["<zone/>", /line 1, column 1: the root element is <zone>/],
    ["<direct/>\n<direct/>", /line 2, column 1: more than one root/],
    ["<direct>\n a & b</direct>", /line 2, column 4: & is no entity/],
    ["<direct>&nbsp;</direct>", /column 9: &nbsp; is no entity/],
    ['<direct a="1" a="2"/>', /attribute a stands twice/],
    ["<direct a=1/>", /the tag <direct> is malformed/],
    ["<direct><!-- </direct>", /comment is never closed/],
    ["<direct/>x", /column 10: text outside/],
    ["<!DOCTYPE direct><direct/>", /document type/],
    ["<direct>< rule/></direct>", /starts no tag/],
  ];
  for (const [text, says] of cases) {
    assert.throws(() => mergeDirect(text, PLAIN), (error) => {
      assert(error instanceof KumaError);
      assert.equal(error.code, "KUMA-TP-221");
      assert.match(error.message, says);
      return true;
    }, text);
  }
});

Deno.test("any foreign content survives a merge and a removal", () => {
  const blank = fc.constantFrom("", "\n", "  ", "\n\t");
  const piece = fc.constantFrom(
    '<rule ipv="ipv4" table="nat" chain="OUTPUT" priority="3">-p tcp -j X</rule>',
    "<chain ipv='ipv6' table='raw' chain='Y'/>",
    "<!-- kuma -->",
    "<passthrough ipv=\"ipv4\">-A INPUT -m comment --comment 'x'</passthrough>",
    "<other><deep/>text &lt;</other>",
    "<![CDATA[</direct>]]>",
    "stray text",
  );
  const content = fc.array(fc.tuple(piece, blank)).map((parts) => parts.flat().join(""));
  fc.assert(
    fc.property(content, blank, fc.nat(2), (inner, tail, index) => {
      const text = `<direct>${inner}</direct>${tail}`;
      assert.equal(removeDirect(mergeDirect(text, ALL[index] ?? PLAIN)), text);
    }),
    runs(2000),
  );
});

import assert from "node:assert/strict";
import { KumaError } from "../errors.ts";
import { buildRuleset } from "./build.ts";
import type { Match, Rule, Target } from "./model.ts";
import { renderRestore, renderRule, renderRuleSpec } from "./render.ts";
import { exampleConfig, exampleFacts } from "./testing/examples.ts";

const RETURN: Target = { kind: "return" };

function rule(matches: Match[], target: Target = RETURN, comment?: string): Rule {
  return { chain: "OUTPUT", matches, target, ...(comment === undefined ? {} : { comment }) };
}

Deno.test("a rule in short and in long form", () => {
  const matches: Match[] = [
    { kind: "protocol", protocol: "tcp" },
    { kind: "destinationPort", port: 53, not: true },
    { kind: "outInterface", name: "lo" },
    { kind: "uidOwner", uids: { from: 5678, to: 5678 }, not: true },
  ];
  const inserted = { ...rule(matches), chain: "KUMA_MESH_OUTBOUND", insertAt: 3 };
  assert.equal(
    renderRule(inserted),
    "-I KUMA_MESH_OUTBOUND 3 -p tcp ! --dport 53 -o lo -m owner ! --uid-owner 5678 -j RETURN",
  );
  assert.equal(
    renderRule(rule(matches), { verbose: true }),
    "--append OUTPUT --protocol tcp ! --destination-port 53 --out-interface lo --match owner " +
      "! --uid-owner 5678 --jump RETURN",
  );
  assert.equal(renderRuleSpec(rule([])), "-j RETURN");
});

Deno.test("the text has Kuma's headings: none in short form, two in long form", () => {
  const config = exampleConfig({ comments: false, dropInvalidPackets: true });
  const ruleset = buildRuleset(config, exampleFacts("ipv4"));
  const short = renderRestore(ruleset);
  assert(short.startsWith("* nat\n-N KUMA_MESH_INBOUND\n"));
  assert(short.endsWith(
    "\nCOMMIT\n* mangle\n" +
      "-A PREROUTING -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n",
  ));
  const long = renderRestore(ruleset, { verbose: true });
  assert(long.startsWith("* nat\n\n# Custom Chains:\n--new-chain KUMA_MESH_INBOUND\n"));
  assert(long.includes("KUMA_MESH_OUTBOUND_REDIRECT\n\n# Rules:\n--append PREROUTING --protocol"));
  assert(long.endsWith(
    "\n\nCOMMIT\n\n* mangle\n\n# Rules:\n" +
      "--append PREROUTING --match conntrack --ctstate INVALID --jump DROP\n\nCOMMIT\n",
  ));
  assert.equal(renderRestore({ family: "ipv4", tables: [] }), "");
});

Deno.test("a comment is escaped, and cut at 254 bytes within no character and no escape", () => {
  const quoted = renderRule(rule([], RETURN, 'say "hi" \\'));
  assert(quoted.includes('--comment "kuma/mesh/transparent/proxy/say \\"hi\\" \\\\" -j'), quoted);
  for (const filler of ["x", "ü", "語", "🙂", '"', "\\", 'x"', '🙂"']) {
    const line = renderRule(rule([], RETURN, filler.repeat(300)));
    const inside = line.slice(line.indexOf('"') + 1, line.lastIndexOf('"'));
    const bytes = new TextEncoder().encode(inside).length;
    assert(bytes <= 254 && bytes > 249, `${filler}: ${bytes}`);
    assert(/^(?:[^"\\]|\\["\\])*$/.test(inside) && inside.isWellFormed(), inside);
  }
});

Deno.test("what is no part of the rule grammar is refused", () => {
  const bad: Rule[] = [
    rule([{ kind: "source", address: "1.2.3.4 -j DROP" }]),
    rule([{ kind: "destination", address: "example.com" }]),
    rule([{ kind: "inInterface", name: "eth0\n" }]),
    rule([{ kind: "inInterface", name: "-j" }]),
    rule([{ kind: "outInterface", name: "averylongname123" }]),
    rule([{ kind: "sourcePort", port: 65536 }]),
    rule([{ kind: "destinationPort", port: NaN }]),
    rule([{ kind: "destinationPort", port: 1.5 }]),
    rule([{ kind: "destinationPorts", ports: [] }]),
    rule([{ kind: "destinationPorts", ports: [{ from: 90, to: 80 }] }]),
    rule([{
      kind: "destinationPorts",
      ports: Array.from({ length: 8 }, (_, i) => ({ from: i, to: i + 1 })),
    }]),
    rule([{ kind: "uidOwner", uids: { from: 0, to: 4294967295 } }]),
    rule([], { kind: "jump", chain: "A B" }),
    rule([], { kind: "jump", chain: "KUMA_MESH_OUTBOUND_REDIRECT_2" }),
    rule([], { kind: "redirect", port: -1 }),
    rule([], { kind: "zone", zone: 65536 }),
    rule([], { kind: "log", prefix: "a b", level: 7 }),
    rule([], { kind: "log", prefix: "OUTPUT:", level: 8 }),
    rule([], RETURN, "two\nlines"),
    { ...rule([]), chain: "-X" },
    { ...rule([]), insertAt: 0 },
  ];
  for (const one of bad) {
    assert.throws(
      () => renderRule(one),
      (error) => error instanceof KumaError && error.code === "KUMA-TP-101",
      JSON.stringify(one),
    );
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "../errors.ts";
import { type ParsedDocument, parseDocument } from "./document.ts";
import { SETTINGS } from "./options.ts";
import { runs } from "tests/support/property.ts";

function values({ patch }: ParsedDocument): Record<string, unknown> {
  return Object.fromEntries(patch.map(({ setting, value }) => [setting.key, value]));
}

async function refused(text: string): Promise<string> {
  try {
    await parseDocument(text, "tproxy.yaml");
  } catch (thrown) {
    assert.ok(thrown instanceof KumaError, String(thrown));
    return `${thrown.code} ${thrown.message}`;
  }
  return assert.fail(`not refused: ${text.slice(0, 80)}`);
}

Deno.test("an empty document changes nothing", async () => {
  for (const text of ["", "\n", "# nothing\n", "---\n", "{}", "redirect:\n  # inbound\n"]) {
    assert.deepEqual(await parseDocument(text, "x"), { patch: [], warnings: [] }, text);
  }
});

Deno.test("values follow the rules of their kind", async () => {
  const text = `
KumaDPuser: 5678
ipFamilyMode: IPv4
redirect:
  inbound: {enabled: no, port: 1234, excludePorts: [22, "80, 81", 443]}
  outbound:
    enabled: On
    includePorts: "1,2"
    excludePorts: 9901
    excludePortsForUIDs: [1000, "tcp:22:1"]
  dns: {enabled: true, resolvConfigPath: /run/resolv.conf}
  vnet: {networks: ["docker0:172.17.0.0/16"]}
log: {level: 3}
retry: {sleepBetweenRetries: 1m30s, maxRetries: 0x2}
iptablesExecutables: {iptables-save: /bin/save}
comments: {disabled: y}
`;
  assert.deepEqual(values(await parseDocument(text, "x")), {
    "kumaDPUser": "5678",
    "ipFamilyMode": "ipv4",
    "redirect.inbound.enabled": false,
    "redirect.inbound.port": 1234,
    "redirect.inbound.excludePorts": [22, 80, 81, 443],
    "redirect.outbound.enabled": true,
    "redirect.outbound.includePorts": [1, 2],
    "redirect.outbound.excludePorts": [9901],
    "redirect.outbound.excludePortsForUIDs": ["1000", "tcp:22:1"],
    "redirect.dns.enabled": true,
    "redirect.dns.resolvConfigPath": "/run/resolv.conf",
    "redirect.vnet.networks": ["docker0:172.17.0.0/16"],
    "log.level": 3,
    "retry.sleepBetweenRetries": 90_000,
    "retry.maxRetries": 2,
    "iptablesExecutables.iptables-save": "/bin/save",
    "comments.disabled": true,
  });
});

Deno.test("JSON gives the same as YAML, an empty list clears", async () => {
  const json = '{"redirect":{"inbound":{"excludePorts":[],"port":1}},"wait":0,"kumaDPUser":5678}';
  assert.deepEqual(values(await parseDocument(json, "x")), {
    "redirect.inbound.excludePorts": [],
    "redirect.inbound.port": 1,
    "wait": 0,
    "kumaDPUser": "5678",
  });
});

Deno.test("an error names the file, the line and the column", async () => {
  const cases: [string, RegExp][] = [
    [
      "redirect:\n  inbound:\n    port: '80'\n",
      /-015 tproxy.yaml:3:11: redirect.inbound.port: it must be a number, not a quoted/,
    ],
    [
      "redirect:\n  inbound:\n    port: 0\n",
      /-001 tproxy.yaml:3:11: redirect.inbound.port: value '0' is not a valid port/,
    ],
    [
      '{\n "redirect": {"dns": {"enabled": "yes"}}}',
      /-015 tproxy.yaml:2:34: redirect.dns.enabled: /,
    ],
    ["redirect:\n  inbound:\n    excludePorts: null\n", /-015 tproxy.yaml:3:19: .* not null/],
    ["wait: -1\n", /-009 tproxy.yaml:1:7: wait: value '-1'/],
    ["wait: [1]\n", /-015 tproxy.yaml:1:7: wait: it must be a number, not a list/],
    ["redirect: 5\n", /-015 tproxy.yaml:1:11: 'redirect' must be a mapping/],
    ["- wait\n", /-015 tproxy.yaml:1:1: the document must be a mapping/],
    ["wait: 1\n---\nwait: 2\n", /-014 tproxy.yaml:2:1: there must be one document only$/],
    ["wait: 1\nwait: 2\n", /-014 tproxy.yaml:2:1: /],
    ["wait: 1\n---\nwait: 2\n", /-014 tproxy.yaml:/],
    ["a: b: c\n", /-014 tproxy.yaml:1:/],
    ["{", /-014 tproxy.yaml:1:/],
    ["ipFamilyMode: ipv5", /must be one of 'dualstack' or 'ipv4'/],
    ["redirect: {outbound: {excludePortsForUIDs: 'tcp:22:1'}}", /-015 .*a list of strings/],
    ['kumaDPUser: "a\\nb"', /-012 tproxy.yaml:1:13: /],
  ];
  for (const [text, expected] of cases) assert.match(await refused(text), expected);
});

Deno.test("an unknown key is a warning that names the nearest known one", async () => {
  const text = "redirect:\n  inbound:\n    excludePort: [22]\nconstructor: 1\nwiat: 3\n";
  const { patch, warnings } = await parseDocument(text, "x.yaml");
  assert.deepEqual(patch, []);
  assert.equal(
    warnings[0],
    "x.yaml:3:5: unknown key 'redirect.inbound.excludePort' is ignored; " +
      "the nearest known key is 'redirect.inbound.excludePorts'",
  );
  assert.match(warnings[1] ?? "", /^x.yaml:4:1: unknown key 'constructor'/);
  assert.match(warnings[2] ?? "", /the nearest known key is 'wait'$/);
});

Deno.test("many unknown keys give few warnings, __proto__ reaches nothing", async () => {
  const keys = Array.from({ length: 100 }, (_, index) => `k${index}: 1\n`).join("");
  const { warnings } = await parseDocument(keys, "x");
  assert.equal(warnings.length, 21);
  await parseDocument('{"__proto__":{"polluted":1},"redirect":{"__proto__":{"polluted":1}}}', "x");
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

Deno.test("aliases work, bombs and deep nesting are refused quickly", async () => {
  const shared = "redirect:\n  inbound: {excludePorts: &p [22]}\n  outbound: {excludePorts: *p}\n";
  assert.deepEqual(values(await parseDocument(shared, "x"))["redirect.outbound.excludePorts"], [
    22,
  ]);
  const nines = (name: string) => Array(9).fill(`*${name}`).join(",");
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${nines("a")}]\nc: &c [${nines("b")}]\n` +
    `d: &d [${nines("c")}]\ne: &e [${nines("d")}]\nredirect: {inbound: {excludePorts: [${
      nines("e")
    }]}}\n`;
  const hostile = [
    bomb,
    "redirect: &a\n  inbound: *a\n",
    "- ".repeat(30_000),
    "[".repeat(60_000),
    '{"a":'.repeat(12_000),
    "? ".repeat(30_000),
    "a: ".repeat(20_000),
    "\u0000",
    "x".repeat(1_000_000),
  ];
  for (const text of hostile) {
    const start = performance.now();
    const said = await refused(text);
    assert.ok(said.length < 250, said);
    assert.ok(performance.now() - start < 5_000, `slow: ${text.slice(0, 20)}`);
  }
});

Deno.test("whatever a document holds, it is read or refused in one short line", async () => {
  const key = fc.constantFrom(...SETTINGS.map((setting) => setting.key), "nonsense.key");
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.integer(),
    fc.stringMatching(/^[0-9,a-z:/*-]{0,12}$/),
  );
  const document = fc.array(fc.tuple(key, value), { maxLength: 4 }).map((pairs) => {
    const lines = pairs.map(([path, leaf]) => {
      const names = path.split(".");
      return names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), leaf);
    });
    return JSON.stringify(Object.assign({}, ...lines));
  });
  await fc.assert(
    fc.asyncProperty(document, async (text) => {
      try {
        await parseDocument(text, "x");
      } catch (thrown) {
        assert.ok(thrown instanceof KumaError, String(thrown));
        assert.ok(thrown.line.length < 400, thrown.line);
      }
    }),
    runs(10_000),
  );
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
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
    ["redirect:\n  inbound:\n    excludePorts: [null]\n", /-015 tproxy.yaml:3:19: .* not null/],
    ["wait: -1\n", /-009 tproxy.yaml:1:7: wait: value '-1'/],
    ["wait: [1]\n", /-015 tproxy.yaml:1:7: wait: it must be a number, not a list/],
    ["redirect: 5\n", /-015 tproxy.yaml:1:11: 'redirect' must be a mapping/],
    ["- wait\n", /-015 tproxy.yaml:1:1: the document must be a mapping/],
    [
      "wait: 1\nwait: 2\n",
      /-014 tproxy.yaml:2:1: the key 'wait' is there twice; the first is in line 1$/,
    ],
    [
      "redirect: {dns: {port: 1}}\nRedirect: {dns: {enabled: true}}\n",
      /-014 tproxy.yaml:2:1: the key 'Redirect' is there twice; 'redirect' is in line 1$/,
    ],
    ['{"wait": 1, "wait": 2}', /-014 tproxy.yaml:1:13: the key 'wait' is there twice/],
    ['{"wait": 1, "WAIT" : 2}', /-014 tproxy.yaml:1:13: the key 'WAIT' is there twice/],
    ["log:\n  level: 3\n  <<: {Level: 4}\n", /-014 tproxy.yaml:2:3: 'level' stands before/],
    [
      "redirect: *x\n",
      /-014 tproxy.yaml:1:11: the alias '\*x' names nothing that stands before it$/,
    ],
    ["wait: *x\nx: &x 1\n", /-014 tproxy.yaml:1:7: the alias '\*x' names nothing/],
    ["redirect:\n  <<: *x\n", /-014 tproxy.yaml:2:7: the alias '\*x' names nothing/],
    ["redirect:\n  <<: 5\n", /-014 tproxy.yaml:2:3: the merge key '<<' takes a mapping/],
    ["redirect:\n  inbound: {port: 017x}", /-001 tproxy.yaml:2:19: .*value '017x'/],
    ["redirect:\n  inbound: {port: 80.5}", /-001 tproxy.yaml:2:19: .*value '80.5'/],
    ["redirect:\n  inbound: {port: -017}", /-001 tproxy.yaml:2:19: .*value '-15'/],
    ["redirect:\n  inbound: {port: ''}", /-015 tproxy.yaml:2:19: .*not a quoted/],
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

Deno.test("merge keys are followed, and what stands beside them wins", async () => {
  const text = `
anchors:
  traffic: &traffic {port: 7, enabled: false}
  ports: &ports {excludePorts: [22], port: 8}
redirect:
  inbound:
    <<: *traffic
    excludePorts: [1]
  outbound:
    <<: [*traffic, *ports]
    enabled: true
`;
  const { patch, warnings } = await parseDocument(text, "x");
  assert.deepEqual(Object.fromEntries(patch.map(({ setting, value }) => [setting.key, value])), {
    "redirect.inbound.port": 7,
    "redirect.inbound.enabled": false,
    "redirect.inbound.excludePorts": [1],
    "redirect.outbound.port": 7,
    "redirect.outbound.excludePorts": [22],
    "redirect.outbound.enabled": true,
  });
  assert.equal(warnings.length, 1, "of anchors alone");
  // In quotes it is a key like others, which nobody knows.
  assert.deepEqual(values(await parseDocument('log:\n  "<<": {level: 3}\n', "x")), {});
});

Deno.test("null and nothing leave a setting as it is, whatever its kind", async () => {
  for (const { key, inDocument } of SETTINGS) {
    if (inDocument === false) continue;
    for (const nothing of ["", " null", " ~", " # comment"]) {
      const lines = key.split(".").map((name, depth) => `${"  ".repeat(depth)}${name}:`);
      const text = `${lines.join("\n")}${nothing}\n`;
      assert.deepEqual(await parseDocument(text, "x"), { patch: [], warnings: [] }, text);
    }
  }
  assert.deepEqual(values(await parseDocument('{"wait":null,"redirect":null}', "x")), {});
});

Deno.test("numbers are those of YAML 1.1, and who may have meant another is told", async () => {
  const text = `
kumaDPUser: 0x50
redirect:
  inbound: {port: 0x50, excludePorts: [017, 1_5, "017", 80.0]}
  outbound: {port: 1_5001, excludePorts: 8e1}
  dns: {port: 15053.0}
wait: 010
`;
  const parsed = await parseDocument(text, "x.yaml");
  assert.deepEqual(values(parsed), {
    "kumaDPUser": "80",
    "redirect.inbound.port": 80,
    "redirect.inbound.excludePorts": [15, 15, 17, 80],
    "redirect.outbound.port": 15001,
    "redirect.outbound.excludePorts": [80],
    "redirect.dns.port": 15053,
    "wait": 8,
  });
  assert.deepEqual(parsed.warnings, [
    "x.yaml:4:40: '017' is 15 in YAML 1.1; write 15, or quote it",
    "x.yaml:7:7: '010' is 8 in YAML 1.1; write 8, or quote it",
  ]);
});

Deno.test("of several documents the first one counts, and the others are told", async () => {
  for (
    const [text, warning] of [
      ["wait: 1\n---\nwait: 2\n", "x:2:1: only the first document counts"],
      ["wait: 1\n---\n# nothing\n...\n", undefined],
      ["---\nwait: 1\n...\n", undefined],
    ] as const
  ) {
    const parsed = await parseDocument(text, "x");
    assert.deepEqual(values(parsed), { wait: 1 }, text);
    assert.equal(parsed.warnings.length, warning === undefined ? 0 : 1, text);
    if (warning !== undefined) assert.ok(parsed.warnings[0]?.startsWith(warning), text);
  }
  const empty = await parseDocument("---\n---\nwait: 2\n", "x");
  assert.deepEqual(empty.patch, []);
  assert.match(empty.warnings[0] ?? "", /^x:\d:1: only the first document counts/);
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
    "redirect: &a\n  <<: *a\n",
    `a: &a {${Array.from({ length: 900 }, (_, index) => `k${index}: 1`).join(", ")}}\n` +
    `b: {<<: [${Array(30).fill("*a").join(", ")}]}\n`,
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
    fc.string({ unit: anyCharacter, maxLength: 20 }),
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

import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { parsePlainYaml } from "./plain_yaml.ts";
import { runs } from "tests/support/property.ts";

const KUBECONFIG = `# Kubeconfig file for the kuma CNI plugin.
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://[fd00::1]:443
    certificate-authority-data: LS0tLS1CRUdJTg==
users:
  - name: "kuma-cni"
    user:
      token: 'eyJh.b_c-d.e'
contexts:
- name: kuma-cni-context
  context:
    cluster: local
    user: kuma-cni
current-context: kuma-cni-context`;

Deno.test("parsePlainYaml reads a kubeconfig as the YAML package does", () => {
  assert.deepEqual(parsePlainYaml(KUBECONFIG), parse(KUBECONFIG));
  const quoted = KUBECONFIG.replace("https://[fd00::1]:443", '"https://[fd00::1]:443"');
  assert.deepEqual(parsePlainYaml(quoted), parse(KUBECONFIG));
  for (const host of ["10.0.0.1", "[::1]", "[fd00::]", "a[b]c"]) {
    const other = KUBECONFIG.replace("[fd00::1]", host);
    assert.deepEqual(parsePlainYaml(other), parse(other));
  }
});

Deno.test("parsePlainYaml leaves everything else to the package", () => {
  for (
    const text of [
      "",
      "a: &x b",
      "a: |\n  b",
      "a: {b: c}",
      "a: 1",
      "a: true",
      "a: NULL",
      "a:",
      "a: b # comment",
      "a: b: c",
      "a: b\na: c",
      "a:\n  b: c\n d: e",
      'a: "\\n"',
      "--- \na: b",
      "a: b\n  c: d",
      "\ta: b",
      "a: b\r\n",
      "- - a: b",
    ]
  ) assert.equal(parsePlainYaml(text), undefined, text);
});

Deno.test("what parsePlainYaml accepts means the same to the package", () => {
  const piece = fc.constantFrom(
    "a",
    "b",
    "- ",
    "-",
    ": ",
    ":",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    '"',
    "'",
    "#",
    " #",
    "1",
    "true",
    "/",
    "~",
    "null",
    "{",
    "[",
    "]",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "=",
    "\\",
    "é",
  );
  let accepted = 0, drawn = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
      const text = pieces.join("");
      drawn++;
      const plain = parsePlainYaml(text);
      if (plain === undefined) return;
      accepted += 1;
      assert.deepEqual(plain, parse(text));
    }),
    { seed: 7, ...runs(20_000) },
  );
  const key = fc.constantFrom("a", "b", "c-d", "e.f");
  const leaf = fc.stringMatching(/^[A-Za-z\/][A-Za-z0-9_.\/+=:@-]{0,8}$/);
  const mapping = (of: fc.Arbitrary<unknown>) =>
    fc.dictionary(key, of, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  const tree = mapping(fc.oneof(leaf, mapping(fc.oneof(leaf, mapping(leaf)))));
  fc.assert(
    fc.property(tree, (document) => {
      const text = block(document, "");
      drawn++;
      const plain = parsePlainYaml(text);
      if (plain === undefined) return;
      accepted += 1;
      assert.deepEqual(plain, parse(text));
    }),
    { seed: 7, ...runs(2000) },
  );
  assert.ok(accepted > drawn / 44, `only ${accepted} of ${drawn} texts were plain`);
});

function block(value: unknown, indent: string): string {
  return Object.entries(value as Record<string, unknown>).map(([key, child]) =>
    typeof child === "string"
      ? `${indent}${key}: ${child}\n`
      : `${indent}${key}:\n${block(child, `${indent}  `)}`
  ).join("");
}

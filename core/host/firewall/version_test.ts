import assert from "node:assert/strict";
import { isAtLeast, parseIdentity } from "./version.ts";

Deno.test("parseIdentity tells the flavour from what real builds print", () => {
  const cases: [string, string, string | undefined, number[] | undefined][] = [
    ["iptables v1.8.9 (nf_tables)\n", "", "nft", [1, 8, 9]],
    ["ip6tables v1.8.7 (legacy)\n", "", "legacy", [1, 8, 7]],
    ["iptables v1.4.21\n", "", "legacy", [1, 4, 21]],
    ["iptables-save v1.8.9 (nf_tables)\n", "", "nft", [1, 8, 9]],
    ["# Warning: something\niptables v1.8.10 (nf_tables)\n", "", "nft", [1, 8, 10]],
    ["iptables v2.0 (bpf)\n", "", undefined, [2, 0]],
  ];
  for (const [stdout, stderr, flavour, version] of cases) {
    assert.deepEqual(parseIdentity(stdout, stderr), { flavour, version }, stdout);
  }
});

Deno.test("parseIdentity takes a build that does not know --version for legacy, anything else for none", () => {
  assert.deepEqual(parseIdentity("", "iptables-restore: unrecognized option '--version'\n"), {
    flavour: "legacy",
    version: undefined,
  });
  assert.equal(parseIdentity("", "unrecognized option '--foo'"), undefined);
  assert.equal(parseIdentity("nft v1.0.6 (Lester Gooch)", ""), undefined);
  assert.equal(parseIdentity("", ""), undefined);
});

Deno.test("isAtLeast compares numbers, not text", () => {
  assert.equal(isAtLeast([1, 8, 10], [1, 8, 6]), true);
  assert.equal(isAtLeast([1, 8], [1, 8, 6]), false);
  assert.equal(isAtLeast([1, 8, 6], [1, 8, 6]), true);
  assert.equal(isAtLeast([2], [1, 8, 6]), true);
  assert.equal(isAtLeast(undefined, [0]), false);
});

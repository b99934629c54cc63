import assert from "node:assert/strict";
import { ownToken, podToken } from "tests/installer/node.ts";
import { claimsOf, isFresh } from "./token.ts";

Deno.test("claims of a pod's token and of one that was asked for", () => {
  const claims = claimsOf(podToken(3600));
  assert.equal(claims?.namespace, "kube-system");
  assert.equal(claims?.serviceAccount, "kuma-cni");
  assert.equal(claims?.pod, "kuma-cni-node-abcde");
  assert.equal(claims?.node, "node-1");
  assert.equal(claims.expires - claims.issued, 3600);
  assert.equal(claimsOf(ownToken())?.pod, undefined);
  for (const text of ["", "abc", "a.b.c", "a.bnVsbA.c"]) {
    assert.doesNotThrow(() => claimsOf(text), text);
  }
  assert.equal(claimsOf("opaque"), undefined);
});

Deno.test("a token stays while three quarters of its life are left, and only an unbound one", () => {
  const own = claimsOf(podToken())!;
  const now = Date.now() / 1000;
  const token = ownToken(1, 1000);
  assert.equal(isFresh(token, own, now), true);
  assert.equal(isFresh(token, own, now + 249), true);
  assert.equal(isFresh(token, own, now + 252), false);
  assert.equal(isFresh(podToken(), own, now), false);
  assert.equal(isFresh(token, { ...own, serviceAccountUid: "other" }, now), false);
});

import assert from "node:assert/strict";
import { type ChoiceFacts, chooseBackend } from "./choose.ts";

const FRESH: ChoiceFacts = {
  asked: "auto",
  pod: true,
  iptablesOnly: undefined,
  obstacle: undefined,
  ourTable: false,
  ourIptables: false,
  others: false,
};
const backend = (facts: Partial<ChoiceFacts>) => chooseBackend({ ...FRESH, ...facts }).backend;

Deno.test("auto: nftables in a fresh pod; iptables on hosts, beside others, and where only it can", () => {
  assert.equal(backend({}), "nftables");
  assert.equal(backend({ pod: false }), "iptables");
  assert.equal(backend({ others: true }), "iptables");
  assert.equal(backend({ obstacle: "no nf_tables" }), "iptables");
  assert.equal(backend({ iptablesOnly: "storeFirewalld" }), "iptables");
});

Deno.test("auto stays with what is in use, so that a second run changes nothing", () => {
  assert.equal(backend({ pod: false, ourTable: true, others: true }), "nftables");
  assert.equal(backend({ pod: true, ourIptables: true }), "iptables");
  assert.equal(backend({ pod: false, ourTable: true, ourIptables: true }), "iptables");
});

Deno.test("auto takes the other backend only where the kernel and the settings let it", () => {
  const fallback = (facts: Partial<ChoiceFacts>) => {
    const choice = chooseBackend({ ...FRESH, ...facts });
    return choice.backend !== "refused" && choice.fallback;
  };
  assert.equal(fallback({}), true);
  assert.equal(fallback({ pod: false }), true);
  assert.equal(fallback({ pod: false, obstacle: "no nf_tables" }), false);
  assert.equal(fallback({ pod: false, iptablesOnly: "storeFirewalld" }), false);
  assert.equal(fallback({ asked: "nftables" }), false);
  assert.equal(fallback({ asked: "iptables" }), false);
});

Deno.test("what was asked for is taken, or refused with the reason", () => {
  assert.equal(backend({ asked: "nftables", pod: false, others: true }), "nftables");
  assert.equal(backend({ asked: "iptables", ourTable: true }), "iptables");
  assert.deepEqual(chooseBackend({ ...FRESH, asked: "nftables", iptablesOnly: "storeFirewalld" }), {
    backend: "refused",
    reason: "storeFirewalld works with iptables only",
  });
  assert.deepEqual(chooseBackend({ ...FRESH, asked: "nftables", obstacle: "no such socket" }), {
    backend: "refused",
    reason: "no such socket",
  });
});

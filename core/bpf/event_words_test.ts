import assert from "node:assert/strict";
import { mappedAddress, UNSPECIFIED } from "./address.ts";
import { eventWords } from "./event_words.ts";
import { EVENT, HOOKS, VERDICTS } from "./layout.ts";

const BASE = {
  netns: 4096n,
  socket: 1n,
  uid: 1000,
  error: 0,
  peer: UNSPECIFIED,
  address: mappedAddress("10.0.0.9"),
  peer_port: 0,
  port: 80,
  hook: HOOKS.HOOK_CONNECT,
  verdict: VERDICTS.VERDICT_OUTBOUND,
  protocol: 6,
  zero: 0,
};

Deno.test("an event says who was going where, and what became of it", () => {
  assert.deepEqual(eventWords(EVENT.encode(BASE)), {
    netns: 4096n,
    error: false,
    message: "given to the sidecar's outbound port",
    fields: { verdict: "outbound", protocol: "tcp", uid: 1000, to: "10.0.0.9:80" },
  });
  const dropped = EVENT.encode({
    ...BASE,
    hook: HOOKS.HOOK_INGRESS,
    verdict: VERDICTS.VERDICT_ERROR_ASSIGN,
    peer: mappedAddress("fd00::1"),
    peer_port: 4711,
    address: mappedAddress("fd00::2"),
    error: 12,
  });
  assert.deepEqual(eventWords(dropped), {
    netns: 4096n,
    error: true,
    message: "dropped: the kernel did not give it to the sidecar",
    fields: {
      verdict: "error-assign",
      protocol: "tcp",
      from: "[fd00::1]:4711",
      to: "[fd00::2]:80",
      errno: 12,
    },
  });
});

Deno.test("every verdict has words, and what is no event has none", () => {
  for (const verdict of Object.values(VERDICTS)) {
    assert.notEqual(eventWords(EVENT.encode({ ...BASE, verdict })), undefined);
  }
  assert.equal(eventWords(EVENT.encode({ ...BASE, verdict: 200 })), undefined);
  assert.equal(eventWords(new Uint8Array(3)), undefined);
});

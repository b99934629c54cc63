import assert from "node:assert/strict";
import { NodeLock } from "./lock.ts";
import type { Places } from "../program/places.ts";

function placesIn(dir: string): Places {
  const state = `${dir}/.kuma-cni`;
  return { state, lock: `${state}/lock`, successor: `${state}/successor` } as Places;
}

Deno.test("the folder goes while an installer asks for its turn: it has it then", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const places = placesIn(dir);
    const old = new NodeLock(places);
    assert.equal(await old.take(new AbortController().signal), true);
    const fresh = new NodeLock(places);
    const taking = fresh.take(AbortSignal.timeout(5000));
    // It waits for the kernel's answer about the lock; next it will write that it wants its turn.
    Deno.removeSync(places.state, { recursive: true });
    old.release();
    assert.equal(await taking, true);
    fresh.release();
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a state folder that cannot be written is told, not waited for", async () => {
  const dir = await Deno.makeTempDir();
  try {
    Deno.writeTextFileSync(`${dir}/.kuma-cni`, "a file in its place");
    await assert.rejects(new NodeLock(placesIn(dir)).take(AbortSignal.timeout(5000)), {
      code: "KUMA-INS-030",
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

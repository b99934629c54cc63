import assert from "node:assert/strict";
import { watchEvents } from "./watch_stream.ts";

const line = (name: string, padding = 0) =>
  `${
    JSON.stringify({ type: "ADDED", object: { metadata: { name }, data: "ü".repeat(padding) } })
  }\n`;

/** A stream of bytes in pieces of this size, as an answer's body is one; says whether it was cancelled. */
function bodyOf(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  const state = { cancelled: false };
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (sent >= bytes.length) {
        controller.close();
        return controller.byobRequest?.respond(0);
      }
      controller.enqueue(bytes.slice(sent, sent += size));
    },
    cancel: () => void (state.cancelled = true),
  });
  return { body, state };
}

async function names(text: string, size: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { object } of watchEvents(bodyOf(text, size).body)) {
    found.push((object.metadata as { name: string }).name);
    assert.match(String(object.data), /^ü*$/);
  }
  return found;
}

Deno.test("events are whole whatever size they and the pieces have", async () => {
  const text = ["a", "b", "c"].map((name, at) => line(name, at * 30_000)).join("\n") + line("d");
  for (const size of [1000, 16_384, 1_000_000]) {
    assert.deepEqual(await names(text, size), ["a", "b", "c", "d"], String(size));
  }
});

Deno.test("an event that never ends is given up", async () => {
  const { body, state } = bodyOf("x".repeat(9 << 20), 65_536);
  await assert.rejects(async () => {
    for await (const _ of watchEvents(body));
  }, /longer than 8 MiB/);
  assert.ok(state.cancelled);
});

Deno.test("whoever stops in the middle hears no more", async () => {
  const { body, state } = bodyOf(line("a") + line("b"), 1000);
  for await (const _ of watchEvents(body)) break;
  assert.ok(state.cancelled);
});

import assert from "node:assert/strict";
import { acceptWithoutDelay } from "./no_delay.ts";

Deno.test("the listener of a port is found among all descriptors, and no other port", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assert.equal(acceptWithoutDelay(port), true);
  listener.close();
  assert.equal(acceptWithoutDelay(port), false, "nobody has it any more");
});

Deno.test("two segments in a row arrive without waiting for an acknowledgement", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.ok(acceptWithoutDelay(listener.addr.port));
  const [client, server] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  using _client = client;
  using _server = server;
  const byte = new Uint8Array(1);
  const times: number[] = [];
  // The kernel acknowledges at once in the beginning; later it puts that off for who has just sent.
  for (let round = 0; round < 40; round++) {
    const started = performance.now();
    await client.write(byte);
    await server.read(byte);
    for (let n = 0; n < 2; n++) await server.write(byte);
    for (let n = 0; n < 2; n++) await client.read(byte);
    times.push(performance.now() - started);
  }
  const [middle = NaN] = times.sort((a, b) => a - b).slice(times.length / 2);
  assert.ok(middle < 20, `${middle} ms`);
});

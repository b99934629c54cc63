/** Apart from unit tests, which share a process: what is looked for is a descriptor near the lowest free one. */
import assert from "node:assert/strict";
import { sleep as delay } from "tests/support/processes.ts";
import { sendWithoutDelay } from "core/host/no_delay_connections.ts";

const CALLS = {
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
} as const;

const libc = Deno.dlopen("libc.so.6", CALLS);
Deno.test.afterAll(() => libc.close());

/** TCP_NODELAY of each socket of this process that is connected to the port. */
function noDelayOf(port: number): number[] {
  const found: number[] = [];
  for (let fd = 0; fd < 1024; fd++) {
    const address = new Uint8Array(28), size = new Uint32Array([28]), value = new Int32Array(1);
    if (libc.symbols.getpeername(fd, address, size) !== 0) continue;
    if (address[0] !== 2 || (address[2] ?? 0) * 256 + (address[3] ?? 0) !== port) continue;
    libc.symbols.getsockopt(fd, 6, 1, value, new Uint32Array([4]));
    found.push(value[0] ?? -1);
  }
  return found;
}

for (const on of [false, true]) {
  const name = on
    ? "sends without delay while it waits for its answer"
    : "has Nagle's algorithm on otherwise";
  Deno.test(`a connection of fetch ${name}`, async () => {
    const release = Promise.withResolvers<void>();
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async () => {
      await release.promise;
      return new Response("done");
    });
    const { port } = server.addr;
    const answer = fetch(`http://127.0.0.1:${port}/`);
    {
      using _now = on ? sendWithoutDelay() : undefined;
      // Both the connection and the looks at it are at work by then.
      while (noDelayOf(port).length === 0) await delay(1);
      if (on) { while (noDelayOf(port)[0] !== 1) await delay(1); }
      else await delay(30);
      assert.deepEqual(noDelayOf(port), [on ? 1 : 0]);
      release.resolve();
      assert.equal(await (await answer).text(), "done");
    }
  });
}

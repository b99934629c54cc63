import assert from "node:assert/strict";
import { delay } from "core/time/clock.ts";
import { listenAt } from "./unix_listener.ts";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("who listens last at a path is found there, long after the one before has closed", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/a.sock`;
    const first = listenAt(path);
    const waiting = first.accept().catch(() => "closed");
    assert.equal((Deno.lstatSync(path).mode ?? 0) & 0o777, 0o600);
    using second = listenAt(path);
    first.close();
    assert.equal(await waiting, "closed");
    await delay(20);
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["a.sock"]);
    const accepted = second.accept();
    const connection = await Deno.connect({ transport: "unix", path });
    (await accepted).close();
    connection.close();
  }));

Deno.test("a path that no socket can have is refused", () => {
  assert.throws(() => listenAt(`/tmp/${"x".repeat(110)}`), {
    name: "RangeError",
    message: /too long/,
  });
});

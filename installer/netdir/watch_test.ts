import assert from "node:assert/strict";
import { createLogger } from "core/log/record.ts";
import { Alarm } from "./watch.ts";

Deno.test("a directory that cannot be watched is told once, and again after it could be", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "ki-watch-" });
  const lines: string[] = [];
  const log = createLogger({ name: "t", level: "info", sink: ({ msg }) => void lines.push(msg) });
  const { signal } = new AbortController();
  const real = Deno.watchFs;
  // The node's inotify instances are the machine's: not to be used up by a test.
  const full = (): never => {
    throw new Error("Too many open files (os error 24) about inotify");
  };
  try {
    Deno.watchFs = full;
    using alarm = new Alarm(dir, log);
    for (let round = 0; round < 3; round++) await alarm.wait(1, signal);
    assert.deepEqual(lines, ["cannot watch the directory, only look at it now and then"]);
    Deno.watchFs = real;
    await alarm.wait(1, signal);
    Deno.writeTextFileSync(`${dir}/a`, "");
    assert.equal(await alarm.wait(10_000, signal), true, "it is watched now");
    Deno.renameSync(dir, `${dir}.old`);
    Deno.mkdirSync(dir);
    Deno.watchFs = full;
    for (let round = 0; round < 3; round++) await alarm.wait(1, signal);
    assert.equal(lines.length, 2);
  } finally {
    Deno.watchFs = real;
    for (const path of [dir, `${dir}.old`]) Deno.removeSync(path, { recursive: true });
  }
});

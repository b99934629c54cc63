import assert from "node:assert/strict";
import { must, processStart, run, signalProcess, waitUntil, which } from "./processes.ts";

Deno.test("run gives code and output, feeds standard input", async () => {
  const done = await run("cat", [], { stdin: "fed" });
  assert.deepEqual(done, { code: 0, stdout: "fed", stderr: "" });
});

Deno.test("must names the command that failed", async () => {
  await assert.rejects(must("cat", ["/nonexistent"]), /cat \/nonexistent ended with 1/);
});

Deno.test("a program that reads nothing does not break a long feed", async () => {
  assert.equal((await run("true", [], { stdin: "x".repeat(4_000_000) })).code, 0);
});

Deno.test("processStart knows the living from the dead", async () => {
  assert.match(processStart(Deno.pid) ?? "", /^\d+$/);
  const child = new Deno.Command("true").spawn();
  await child.status;
  assert.equal(processStart(child.pid), undefined);
  assert.equal(signalProcess(child.pid, "SIGTERM"), false);
});

Deno.test("waitUntil returns what the probe found, or names what it waited for", async () => {
  let asked = 0;
  assert.equal(await waitUntil("three", () => ++asked === 3 && asked, { intervalMs: 1 }), 3);
  await assert.rejects(
    waitUntil("the moon", () => false, { timeoutMs: 5, intervalMs: 1 }),
    /the moon/,
  );
});

Deno.test("which finds programs on PATH only", () => {
  assert.ok(which("cat")?.endsWith("/cat"));
  assert.equal(which("no-such-program-here"), undefined);
});

import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { effectiveUserId } from "./libc.ts";
import { run } from "./run.ts";

effectiveUserId(); // Opens the C library outside of any test.

const code = (expected: string) => (error: unknown) =>
  error instanceof KumaError && error.code === expected;

Deno.test("run gives exit code and both streams apart", async () => {
  const result = await run(["ls", "/no-such-dir-of-this-test"], { env: { LC_ALL: "C" } });
  assert.equal(result.code, 2);
  assert.equal(result.signal, null);
  assert.equal(result.stdout, "");
  assert.match(result.stderr, /No such file/);
});

Deno.test("run passes arguments as they are, without any shell", async () => {
  const hostile = "$(id) `id` ; id | id > /dev/null \n '\"";
  assert.equal((await run(["printf", "%s", hostile])).stdout, hostile);
});

Deno.test("run writes stdin and closes it", async () => {
  assert.equal((await run(["cat"], { stdin: "rules\nüñ\n" })).stdout, "rules\nüñ\n");
});

Deno.test("run survives a child that does not read its stdin", async () => {
  assert.equal((await run(["true"], { stdin: new Uint8Array(4 << 20) })).code, 0);
});

Deno.test("run without stdin gives /dev/null", async () => {
  assert.equal((await run(["cat"])).stdout, "");
});

Deno.test("run with clearEnv gives the child only what is named", async () => {
  const result = await run(["/usr/bin/env"], { clearEnv: true, env: { ONE: "1" } });
  assert.equal(result.stdout, "ONE=1\n");
});

Deno.test("run names a program that does not exist", async () => {
  await assert.rejects(run(["no-such-program-of-this-test"]), code("KUMA-HOST-101"));
});

Deno.test("run tells a program that is not there from one whose interpreter is not", async () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "#!/no/such/interpreter\n");
    Deno.chmodSync(path, 0o755);
    await assert.rejects(run([path]), /is there and cannot be started: its interpreter/);
    await assert.rejects(run([`${path}x`]), code("KUMA-HOST-101"));
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("run names a program that cannot be executed", async () => {
  await assert.rejects(run(["/etc/passwd"]), code("KUMA-HOST-102"));
});

Deno.test("run stops a child that takes too long", async () => {
  const started = performance.now();
  await assert.rejects(run(["sleep", "20"], { timeoutMs: 50 }), code("KUMA-HOST-103"));
  assert.ok(performance.now() - started < 5000);
});

Deno.test("run stops a child that writes without end", async () => {
  await assert.rejects(run(["yes"], { maxOutputBytes: 100_000 }), code("KUMA-HOST-104"));
});

Deno.test("run rejects with the signal's reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(run(["sleep", "20"], { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 30);
  await assert.rejects(run(["sleep", "20"], { signal: controller.signal }), reason);
});

Deno.test("run reports the signal that ended a child", async () => {
  const result = await run(["timeout", "--preserve-status", "-s", "KILL", "0.05", "sleep", "9"]);
  assert.equal(result.code, 137);
});

/** Whether a program with these words runs anywhere. */
async function runs(...words: string[]): Promise<boolean> {
  const pattern = `^${words.join(" ")}$`;
  return (await run(["pgrep", "--full", "--exact", pattern])).code === 0;
}

Deno.test("run stops what a wrapper started as well", async () => {
  const wrapped = run(["sh", "-c", "sh -c 'sleep 8.0125; true'; true"], { timeoutMs: 200 });
  await assert.rejects(wrapped, { code: "KUMA-HOST-103" });
  assert.equal(await runs("sleep", "8.0125"), false);
});

Deno.test("run does not wait for what a stopped program left behind", async () => {
  const started = performance.now();
  const left = run(["sh", "-c", "(sleep 5 &); sleep 5"], { timeoutMs: 100 });
  await assert.rejects(left, { code: "KUMA-HOST-103" });
  assert.ok(performance.now() - started < 3000);
});

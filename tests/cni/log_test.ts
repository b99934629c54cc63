import assert from "node:assert/strict";
import { WireDecoder } from "core/log/wire.ts";
import { callPlugin, errorOf, InstalledPlugin, netConf, podArgsText } from "./plugin.ts";

const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const env = { CNI_ARGS: podArgsText("kube-system", "web-0") };

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "cni-log-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const logConf = (directory: string, changes: Record<string, unknown> = {}) =>
  netConf({
    log_level: "info",
    log_socket: `${directory}/log.sock`,
    log_file: `${directory}/kuma-cni.log`,
    ...changes,
  });

async function readAll(connection: Deno.Conn) {
  const decoder = new WireDecoder();
  const records = [];
  for await (const chunk of connection.readable) records.push(...decoder.push(chunk));
  return records;
}

Deno.test("a listener gets the call's lines: level, time, pod, container, duration", () =>
  inDirectory(async (directory) => {
    using listener = Deno.listen({ transport: "unix", path: `${directory}/log.sock` });
    const received = listener.accept().then(readAll);
    const done = await callPlugin(plugin.path, { env, stdin: logConf(directory) });
    assert.deepEqual([done.code, done.stderr], [0, ""]);
    const records = await received;
    assert.deepEqual(records.map(({ level, msg }) => `${level} ${msg}`), [
      "info pod is left alone",
      "info done",
    ]);
    const [skipped, ended] = records;
    assert.equal(skipped?.fields.pod, "kube-system/web-0");
    assert.equal(skipped?.fields.containerID, "a1b2c3");
    assert.match(String(skipped?.fields.reason), /kube-system is excluded/);
    assert.equal(typeof ended?.fields.duration_ms, "number");
    assert.ok(Math.abs(Date.parse(ended?.ts ?? "") - Date.now()) < 60_000);
  }));

Deno.test("with nobody listening the lines are in the file, 0600", () =>
  inDirectory(async (directory) => {
    assert.equal((await callPlugin(plugin.path, { env, stdin: logConf(directory) })).code, 0);
    const file = `${directory}/kuma-cni.log`;
    assert.match(Deno.readTextFileSync(file), /pod is left alone/);
    assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("the level follows the configuration; an unknown one warns and means info", () =>
  inDirectory(async (directory) => {
    const lines = async (log_level: string) => {
      const stdin = logConf(directory, { log_level, log_file: `${directory}/x${log_level}.log` });
      assert.equal((await callPlugin(plugin.path, { env, stdin })).code, 0);
      try {
        return Deno.readTextFileSync(`${directory}/x${log_level}.log`);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return "";
        throw error;
      }
    };
    assert.equal(await lines("off"), "");
    assert.equal(await lines("error"), "");
    assert.match(await lines("loud"), /log_level.*\n.*left alone/);
    assert.doesNotMatch(await lines("info"), /log_level/);
  }));

Deno.test("a listener that never reads costs ADD nothing", () =>
  inDirectory(async (directory) => {
    using _listener = Deno.listen({ transport: "unix", path: `${directory}/log.sock` });
    const started = performance.now();
    assert.equal((await callPlugin(plugin.path, { env, stdin: logConf(directory) })).code, 0);
    assert.ok(performance.now() - started < 3000);
  }));

Deno.test("nowhere to log to: the lines are on stderr, stdout stays the result", () =>
  inDirectory(async (directory) => {
    const stdin = logConf(directory, { log_file: "/proc/no/such/file" });
    const done = await callPlugin(plugin.path, { env, stdin });
    assert.deepEqual(JSON.parse(done.stdout), { cniVersion: "1.0.0" });
    assert.match(done.stderr, /INFO\tkuma-cni\tpod is left alone/);
  }));

Deno.test("the failure of a call is its last line, with the code", () =>
  inDirectory(async (directory) => {
    const done = await callPlugin(plugin.path, {
      env: { CNI_ARGS: podArgsText("demo", "web") },
      stdin: logConf(directory),
    });
    assert.equal(errorOf(done).code, 11);
    const lines = Deno.readTextFileSync(`${directory}/kuma-cni.log`).trimEnd().split("\n");
    const last = JSON.parse(lines.at(-1) ?? "");
    assert.equal(last.level, "error");
    assert.equal(last.fields.code, "KUMA-CNI-011");
    assert.match(last.fields.error, /no\/such\/kubeconfig/);
  }));

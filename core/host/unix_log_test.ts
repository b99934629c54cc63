import assert from "node:assert/strict";
import { createLogger } from "core/log/record.ts";
import { WireDecoder } from "core/log/wire.ts";
import { appendToRing } from "./ring_file.ts";
import { unixLog } from "./unix_log.ts";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function logTo(directory: string, budgetMs = 20) {
  const log = unixLog({ socket: `${directory}/log.sock`, file: `${directory}/log`, budgetMs });
  return { log, logger: createLogger({ name: "kuma-cni", level: "info", sink: log.sink }) };
}

async function readAll(connection: Deno.Conn) {
  const decoder = new WireDecoder();
  const records = [];
  for await (const chunk of connection.readable) records.push(...decoder.push(chunk));
  return records;
}

Deno.test("lines reach a listener in order, without secrets", () =>
  inDirectory(async (directory) => {
    using listener = Deno.listen({ transport: "unix", path: `${directory}/log.sock` });
    const received = listener.accept().then(readAll);
    const { log, logger } = logTo(directory, 2000);
    logger.info("one", { token: "very-secret" });
    logger.warn("two");
    assert.equal(await log.flush(), "socket");
    const records = await received;
    assert.deepEqual(records.map((record) => record.msg), ["one", "two"]);
    assert.doesNotMatch(JSON.stringify(records), /very-secret/);
    assert.equal(await log.flush(), "nothing");
  }));

Deno.test("without a listener the lines go to the file, mode 0600", () =>
  inDirectory(async (directory) => {
    const { log, logger } = logTo(directory);
    logger.info("kept");
    assert.equal(await log.flush(), "file");
    assert.match(Deno.readTextFileSync(`${directory}/log`), /"msg":"kept"/);
    assert.equal((Deno.statSync(`${directory}/log`).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("a listener that never reads costs no more than the budget", () =>
  inDirectory(async (directory) => {
    using _listener = Deno.listen({ transport: "unix", path: `${directory}/log.sock` });
    const { log, logger } = logTo(directory, 30);
    for (let i = 0; i < 200; i += 1) logger.info("x".repeat(1500), { a: "y".repeat(2000) });
    const started = performance.now();
    assert.equal(await log.flush(), "file");
    assert.ok(performance.now() - started < 5000);
  }));

Deno.test("neither socket nor file: the lines are lost and nothing is thrown", async () => {
  const { log, logger } = logTo("/proc/no-such-dir");
  logger.info("lost");
  assert.equal(await log.flush(), "lost");
});

Deno.test("the ring keeps two files of bounded size", () =>
  inDirectory((directory) => {
    const line = new Uint8Array(100).fill(97);
    for (let i = 0; i < 100; i += 1) {
      assert.equal(appendToRing(`${directory}/log`, line, 1000), true);
    }
    const sizes = [...Deno.readDirSync(directory)].map((entry) => [
      entry.name,
      Deno.statSync(`${directory}/${entry.name}`).size,
    ]);
    assert.deepEqual(sizes.sort(), [["log", 1000], ["log.1", 1000]]);
    return Promise.resolve();
  }));

Deno.test("the ring refuses a link and a directory that others may write", () =>
  inDirectory((directory) => {
    const line = new Uint8Array(1);
    Deno.writeTextFileSync(`${directory}/victim`, "");
    Deno.symlinkSync(`${directory}/victim`, `${directory}/log`);
    assert.equal(appendToRing(`${directory}/log`, line), false);
    Deno.mkdirSync(`${directory}/open`);
    Deno.chmodSync(`${directory}/open`, 0o777);
    assert.equal(appendToRing(`${directory}/open/log`, line), false);
    assert.equal(Deno.statSync(`${directory}/victim`).size, 0);
    return Promise.resolve();
  }));

import assert from "node:assert/strict";
import { GREETING_SIZE, greetingText, QUICK_ADD_SOCKET } from "core/cni/quick_add.ts";
import { listenAt } from "core/host/unix_listener.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { Metrics } from "../report/metrics.ts";
import { QuickAddServer } from "./serve.ts";

/** A server in a folder of its own, and what it logs. */
async function withServer(
  test: (
    given: { path: string; server: QuickAddServer; lines: LogRecord[]; metrics: Metrics },
  ) => Promise<void>,
  listen?: (path: string) => Deno.UnixListener,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const lines: LogRecord[] = [];
  const keep = (record: LogRecord) => void lines.push(record);
  const logger = createLogger({ name: "install-cni", level: "debug", sink: keep });
  const metrics = new Metrics();
  const read = () => Promise.reject(new TypeError("nobody asks"));
  const log = { level: "debug" as const, logger, forward: keep };
  const server = new QuickAddServer(read, log, metrics, listen);
  try {
    server.listenIn([dir]);
    await test({ path: `${dir}/${QUICK_ADD_SOCKET}`, server, lines, metrics });
  } finally {
    server[Symbol.dispose]();
    await Deno.remove(dir, { recursive: true });
  }
}

/** The greeting of whoever listens there; the connection is closed then. */
async function greetedBy(path: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const bytes = new Uint8Array(GREETING_SIZE);
  for (let at = 0; at < bytes.length;) at += await connection.read(bytes.subarray(at)) ?? Infinity;
  return new TextDecoder().decode(bytes).replaceAll("\0", "");
}

Deno.test("without a descriptor left it goes on accepting, and says so once", async () => {
  let failures = 3;
  await withServer(async ({ path, lines }) => {
    assert.equal(await greetedBy(path), greetingText());
    assert.deepEqual(lines.filter(({ level }) => level === "warn").map(({ fields }) => fields), [
      { error: "Too many open files (os error 24)" },
    ]);
  }, (path) => {
    const listener = listenAt(path);
    const accept = listener.accept.bind(listener);
    listener.accept = () =>
      failures-- > 0 ? Promise.reject(new Error("Too many open files (os error 24)")) : accept();
    return listener;
  });
});

Deno.test("a socket that somebody has taken away or put another in the place of is made again", () =>
  withServer(async ({ path, server }) => {
    Deno.removeSync(path);
    server.listenIn([path.slice(0, path.lastIndexOf("/"))]);
    assert.equal(await greetedBy(path), greetingText());
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, "");
    server.listenIn([path.slice(0, path.lastIndexOf("/"))]);
    assert.equal(await greetedBy(path), greetingText());
  }));

Deno.test("its socket goes with it, but never that of another", () =>
  withServer(async ({ path, server }) => {
    server[Symbol.dispose]();
    assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
    server.listenIn([path.slice(0, path.lastIndexOf("/"))]);
    using other = listenAt(path);
    server[Symbol.dispose]();
    const accepted = other.accept();
    (await Deno.connect({ transport: "unix", path })).close();
    (await accepted).close();
  }));

Deno.test("a folder that is not there is complained of, and nothing ends by it", () =>
  withServer(async ({ server, lines }) => {
    server.listenIn(["/no/such/folder"]);
    server.listenIn(["/no/such/folder"]);
    assert.equal(lines.filter(({ level }) => level === "warn").length, 1);
    await Promise.resolve();
  }));

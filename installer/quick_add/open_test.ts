import assert from "node:assert/strict";
import { GREETING_SIZE, QUICK_ADD_SOCKET } from "core/cni/quick_add.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { Metrics } from "../report/metrics.ts";
import { TestDir } from "../testing.ts";
import { openQuickAdd } from "./open.ts";
import { question } from "./testing.ts";

/** The kind of the answer to one question; the connection is closed then. */
async function answerTo(path: string, asked: Uint8Array): Promise<number> {
  using connection = await Deno.connect({ transport: "unix", path });
  for (let at = 0; at < asked.length;) at += await connection.write(asked.subarray(at));
  const bytes = new Uint8Array(GREETING_SIZE + 8);
  for (let at = 0; at < bytes.length;) at += await connection.read(bytes.subarray(at)) ?? Infinity;
  return new DataView(bytes.buffer).getUint32(GREETING_SIZE + 4, true);
}

Deno.test("pods are read by the installer's kubeconfig alone; without it, the program does what it can", async () => {
  using dir = new TestDir();
  const lines: LogRecord[] = [];
  const keep = (record: LogRecord) => void lines.push(record);
  const logger = createLogger({ name: "install-cni", level: "debug", sink: keep });
  const log = { level: "debug" as const, logger, forward: keep };
  using answers = openQuickAdd(dir.places, log, new Metrics());
  answers.listenIn([dir.dir]);
  const conf = (kubeconfig: string) =>
    JSON.stringify({ cniVersion: "1.0.0", name: "a", kubernetes: { kubeconfig } });
  const PROGRAM = 1, LEFT_ALONE = 2;
  const path = `${dir.dir}/${QUICK_ADD_SOCKET}`;
  for (const kubeconfig of ["/etc/shadow", dir.places.hostKubeconfig]) {
    assert.equal(await answerTo(path, question({ conf: conf(kubeconfig) })), PROGRAM);
  }
  assert.equal(await answerTo(path, question({ conf: conf("/a"), CNI_ARGS: "" })), LEFT_ALONE);
  const reasons = lines.map(({ fields }) => String(fields.reason));
  assert.ok(reasons.some((reason) => /another kubeconfig/.test(reason)), reasons.join());
  assert.ok(reasons.some((reason) => /No such file/.test(reason)), reasons.join());
});

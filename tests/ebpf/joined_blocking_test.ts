/** Joined sockets that block. */
import assert from "node:assert/strict";
import { NativeProgram } from "tests/support/native.ts";
import { waitUntil } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { OUTSIDE, PodLab } from "./pod_lab.ts";

const OPEN_LIBRARIES = { sanitizeResources: false };
const MEGABYTE = 1 << 20;
const test = requires("root", "netns", "bpf-build", "native-build", "cgroup2");

test("joined sockets that block", OPEN_LIBRARIES, async (t) => {
  await using lab = await PodLab.create([], { accelerate: true }, { accelerate: true });
  await using program = await NativeProgram.compile(new URL("./blocking.c", import.meta.url));
  const run = async (...args: (string | number)[]) => {
    const [what = "", ...rest] = args.map(String);
    return (await lab.pod.must(program.path, what, OUTSIDE.ipv4, ...rest)).trim();
  };
  await t.step("wait for the answer when they have said that nothing more comes", async () => {
    assert.equal(await run("answer", 100, 200), "6 bytes");
  });
  await t.step("thirty of them, after 100 MB each", async () => {
    for (let i = 0; i < 30; i++) {
      assert.equal(await run("answer", 100 * MEGABYTE, 0), "6 bytes", `the ${i + 1}th`);
    }
  });
  await t.step("have to wait for a reader that does not read", async () => {
    const taken = Number(await run("unread", 64 * MEGABYTE));
    assert(taken > 0 && taken < 32 * MEGABYTE, `${taken} bytes were taken`);
  });
  await t.step("are not joined where the first data came with the SYN", async () => {
    await lab.pod.must("sysctl", "-q", "-w", "net.ipv4.tcp_fastopen=1543");
    assert.equal(await run("fastopen"), "12");
  });
});

test(
  "ends that leave while the other one sends to them have every byte, in order",
  OPEN_LIBRARIES,
  async () => {
    await using lab = await PodLab.create([], { accelerate: true }, { accelerate: true });
    await using program = await NativeProgram.compile(new URL("./crossing.c", import.meta.url));
    using connections = lab.map("joined");
    await lab.pod.must(program.path, OUTSIDE.ipv4, "1000");
    await waitUntil("the last connection has ended", () => connections.keys().length === 0);
  },
);

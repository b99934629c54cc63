import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { build } from "build/build.ts";
import { findComponents } from "build/components.ts";
import { run } from "build/io.ts";
import { ROOT } from "build/task.ts";
import { run as runWithInput } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { withTiny } from "./fixture.ts";

const test = requires("qemu");
const emulator = "qemu-aarch64-static";
const system = ["-L", "/usr/aarch64-linux-gnu"];

test("a program cross-compiled for arm64 starts", async () => {
  await withTiny("arm64", {}, async (dist) => {
    const { stdout, stderr } = await run(emulator, [...system, join(dist, "tiny"), "lazy"]);
    assert.equal(stdout, "LAZILY\n", stderr);
  });
});

test("an arm64 program with the host runtime starts from that folder alone", async () => {
  await withTiny("arm64", { hostRuntime: true }, async (dist) => {
    // The emulator's -L is where absolute paths are looked up first: the loader is found at the built-in path.
    await Deno.mkdir(join(dist, "root/opt/cni"), { recursive: true });
    await Deno.symlink(dist, join(dist, "root/opt/cni/bin"));
    const { stdout, stderr } = await run(emulator, ["-L", join(dist, "root"), join(dist, "tiny")]);
    assert.equal(stdout, "tiny aarch64 OddName\n", stderr);
    const program = Buffer.from(await Deno.readFile(join(dist, "tiny")));
    assert.equal(
      program.indexOf("/dev/sysgenid"),
      -1,
      "its TLS does not ask the kernel for entropy",
    );
  });
});

const components = await findComponents(ROOT);
test("every component compiles for arm64, and kumactl tells its version", async () => {
  const built = await build(ROOT, { names: [], arch: "arm64" });
  assert.equal(built.length, components.length);
  const kumactl = built.find(({ path }) => path.endsWith("/kumactl"));
  if (kumactl === undefined) return;
  const { code, stderr } = await run(emulator, [...system, kumactl.path, "version"]);
  assert.equal(code, 0, stderr);

  // The program in front of kuma-cni, which the same clang makes for both architectures.
  const cni = built.find(({ path }) => path.endsWith("/kuma-cni"))?.path ?? "";
  const env = { CNI_CONTAINERID: "a", CNI_IFNAME: "eth0", CNI_PATH: "/x" };
  const call = (CNI_COMMAND: string, stdin: string) =>
    runWithInput(emulator, [cni], { env: { ...env, CNI_COMMAND }, stdin });
  assert.deepEqual(await call("DEL", "{}"), { code: 0, stdout: "", stderr: "" });
  assert.equal(JSON.parse((await call("DEL", "")).stdout).code, 6);
  // The emulator starts no other program, unless this machine's kernel knows it: then that one answers.
  const version = JSON.parse((await call("VERSION", "")).stdout);
  assert.ok(version.supportedVersions !== undefined || /errno/.test(version.msg), version.msg);
});

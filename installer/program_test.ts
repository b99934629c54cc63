import assert from "node:assert/strict";
import { paddedInterpreter, readInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { silentLogger } from "core/log/logger.ts";
import { hostBinDir, installProgram, isInstalled, removeProgram } from "./program.ts";
import { TestDir } from "./testing.ts";

/** The least that has an interpreter: an ELF header, one program header, the path far behind. elf(5). */
function elf(interpreter: string): Uint8Array {
  const path = new TextEncoder().encode(`${interpreter}\0`);
  const at = 1_500_000;
  const bytes = new Uint8Array(at + path.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 3, true);
  view.setBigUint64(72, BigInt(at), true);
  view.setBigUint64(96, BigInt(path.length), true);
  bytes.set(path, at);
  return bytes;
}

function image(dir: TestDir, library: string): void {
  const folder = `${dir.dir}/image/${RUNTIME_FOLDER}`;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/libc.so.6`, library);
  Deno.writeTextFileSync(`${folder}/ld-linux-x86-64.so.2`, "loader", { mode: 0o755 });
  const interpreter = paddedInterpreter("/opt/cni/bin", "ld-linux-x86-64.so.2");
  Deno.writeFileSync(`${dir.dir}/image/kuma-cni`, elf(interpreter), { mode: 0o755 });
}

Deno.test("the loader's path follows the host's bin dir, and only a change is copied", () => {
  using dir = new TestDir();
  image(dir, "one");
  const bin = `${dir.dir}/bin`;
  const install = (hostDir: string) => installProgram(dir.settings, hostDir, silentLogger).written;
  assert.equal(install("/home/kubernetes/bin"), true);
  const interpreter = readInterpreter(Deno.readFileSync(`${bin}/kuma-cni`));
  assert.match(
    interpreter,
    /^\/home\/kubernetes\/bin\/\.kuma-cni-runtime\/+ld-linux-x86-64\.so\.2$/,
  );
  assert.equal(install("/home/kubernetes/bin"), false);
  assert.equal(isInstalled(dir.settings, bin, "/home/kubernetes/bin"), true);
  assert.equal(isInstalled(dir.settings, bin, "/opt/cni/bin"), false);
  image(dir, "two");
  assert.equal(install("/home/kubernetes/bin"), true);
  assert.equal(Deno.readTextFileSync(`${bin}/${RUNTIME_FOLDER}/libc.so.6`), "two");
  assert.equal(
    (Deno.statSync(`${bin}/${RUNTIME_FOLDER}/ld-linux-x86-64.so.2`).mode ?? 0) & 0o777,
    0o755,
  );
  assert.equal((Deno.statSync(`${bin}/${RUNTIME_FOLDER}`).mode ?? 0) & 0o777, 0o755);
  assert.deepEqual(names(bin), [RUNTIME_FOLDER, "kuma-cni"]);
  removeProgram(bin);
  assert.deepEqual(names(bin), []);
});

Deno.test("what killed runs left behind goes, what others left stays", () => {
  using dir = new TestDir();
  image(dir, "one");
  const bin = `${dir.dir}/bin`;
  Deno.writeTextFileSync(`${bin}/.kuma-cni.0123456789abcdef.tmp`, "half");
  Deno.mkdirSync(`${bin}/${RUNTIME_FOLDER}.0123456789abcdef.tmp`);
  Deno.writeTextFileSync(`${bin}/.other.0123456789abcdef.tmp`, "theirs");
  installProgram(dir.settings, "/opt/cni/bin", silentLogger);
  assert.deepEqual(names(bin), [RUNTIME_FOLDER, ".other.0123456789abcdef.tmp", "kuma-cni"]);
});

Deno.test("a bin dir that is too long for the loader's path is refused, and no dir at all is an error", () => {
  using dir = new TestDir();
  image(dir, "one");
  const long = `/${"x".repeat(300)}`;
  assert.throws(() => installProgram(dir.settings, long, silentLogger), { code: "KUMA-INS-020" });
  Deno.removeSync(`${dir.dir}/bin`, { recursive: true });
  assert.throws(() => installProgram(dir.settings, "/opt/cni/bin", silentLogger), {
    code: "KUMA-INS-020",
  });
});

Deno.test("the host's bin dir: setting, entry, usual", () => {
  using dir = new TestDir();
  using set = new TestDir({ CNI_BIN_DIR: "/set" });
  assert.equal(hostBinDir(set.settings, "/entry"), "/set");
  assert.equal(hostBinDir(dir.settings, "/entry/"), "/entry");
  assert.equal(hostBinDir(dir.settings, undefined), "/opt/cni/bin");
});

function names(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
}

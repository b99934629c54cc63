import assert from "node:assert/strict";
import { paddedInterpreter, readInterpreter, RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { silentLogger } from "core/log/logger.ts";
import { programBehind } from "./program/loader.ts";
import {
  dropStaged,
  hostBinDir,
  isInstalled,
  KEEP_OLD_MS,
  removeOldReleases,
  removeProgram,
  stageProgram,
  useRelease,
} from "./program.ts";
import { FRONT, programWith, TestDir } from "./testing.ts";

function image(dir: TestDir, library: string): void {
  const folder = `${dir.dir}/image/${RUNTIME_FOLDER}`;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/libc.so.6`, library);
  Deno.writeTextFileSync(`${folder}/ld-linux-x86-64.so.2`, "loader", { mode: 0o755 });
  const interpreter = paddedInterpreter("/opt/cni/bin", "ld-linux-x86-64.so.2");
  Deno.writeFileSync(`${dir.dir}/image/kuma-cni`, programWith(interpreter), { mode: 0o755 });
}

/** Stages and uses the image's release, as for a host with this bin dir. */
function install(dir: TestDir, hostDir: string): { written: boolean; folder: string } {
  const staged = stageProgram(dir.settings, hostDir, silentLogger);
  useRelease(staged);
  return staged;
}

Deno.test("the loader's path follows the host's bin dir, and only a change is copied", () => {
  using dir = new TestDir();
  image(dir, "one");
  const bin = `${dir.dir}/bin`;
  const first = install(dir, "/home/kubernetes/bin");
  assert.equal(first.written, true);
  assert.equal(Deno.readLinkSync(`${bin}/kuma-cni`), `${first.folder}/kuma-cni`);
  const interpreter = readInterpreter(Deno.readFileSync(`${bin}/kuma-cni`));
  const loader = /^\/home\/kubernetes\/bin\/(.*)\/\.kuma-cni-runtime\/+ld-linux-x86-64\.so\.2$/;
  assert.equal(loader.exec(interpreter)?.[1], first.folder);
  assert.deepEqual(install(dir, "/home/kubernetes/bin"), { ...first, written: false });
  assert.equal(isInstalled(dir.settings, bin, "/home/kubernetes/bin"), true);
  assert.equal(isInstalled(dir.settings, bin, "/opt/cni/bin"), false);
  image(dir, "two");
  const second = install(dir, "/home/kubernetes/bin");
  assert.notEqual(second.folder, first.folder);
  const library = (folder: string) =>
    Deno.readTextFileSync(`${bin}/${folder}/${RUNTIME_FOLDER}/libc.so.6`);
  assert.equal(library(second.folder), "two");
  assert.equal(library(first.folder), "one", "calls that are just starting still need it");
  const mode = (path: string) =>
    (Deno.statSync(`${bin}/${second.folder}/${path}`).mode ?? 0) & 0o777;
  assert.deepEqual([mode("."), mode(RUNTIME_FOLDER)], [0o755, 0o755]);
  assert.equal(mode(`${RUNTIME_FOLDER}/ld-linux-x86-64.so.2`), 0o755);
  removeOldReleases(bin, Date.now() + KEEP_OLD_MS - 1000);
  assert.equal(names(bin).length, 3);
  removeOldReleases(bin, Date.now() + KEEP_OLD_MS + 1000);
  assert.deepEqual(names(bin), [second.folder, "kuma-cni"]);
  removeProgram(bin);
  assert.deepEqual(names(bin), []);
});

Deno.test("a program in front is copied as it is, and the one behind it finds its loader", () => {
  using dir = new TestDir();
  image(dir, "one");
  const behind = `${RUNTIME_FOLDER}/kuma-cni`;
  Deno.renameSync(`${dir.dir}/image/kuma-cni`, `${dir.dir}/image/${behind}`);
  Deno.writeFileSync(`${dir.dir}/image/kuma-cni`, FRONT, { mode: 0o755 });
  const bin = `${dir.dir}/bin`;
  const { folder } = install(dir, "/home/kubernetes/bin");
  assert.deepEqual(Deno.readFileSync(`${bin}/kuma-cni`), FRONT);
  const interpreter = readInterpreter(Deno.readFileSync(`${bin}/${folder}/${behind}`));
  assert.ok(interpreter.startsWith(`/home/kubernetes/bin/${folder}/${RUNTIME_FOLDER}/`));
  assert.equal((Deno.statSync(`${bin}/${folder}/${behind}`).mode ?? 0) & 0o777, 0o755);
  assert.equal(isInstalled(dir.settings, bin, "/home/kubernetes/bin"), true);
  assert.equal(programBehind(`${bin}/kuma-cni`), `${bin}/${folder}/${behind}`);
  Deno.chmodSync(`${bin}/${folder}/${behind}`, 0o644);
  assert.equal(isInstalled(dir.settings, bin, "/home/kubernetes/bin"), false);
});

Deno.test("a plain file of an older version makes way; a staged release can be dropped", () => {
  using dir = new TestDir();
  image(dir, "one");
  const bin = `${dir.dir}/bin`;
  Deno.writeTextFileSync(`${bin}/kuma-cni`, "of Kuma 2.9");
  const staged = stageProgram(dir.settings, "/opt/cni/bin", silentLogger);
  assert.equal(Deno.readTextFileSync(`${bin}/kuma-cni`), "of Kuma 2.9");
  dropStaged(staged);
  assert.deepEqual(names(bin), ["kuma-cni"]);
  const used = install(dir, "/opt/cni/bin");
  dropStaged({ ...used, dirs: [bin] });
  assert.deepEqual(names(bin), [used.folder, "kuma-cni"], "what is in use is never dropped");
});

Deno.test("what killed runs left behind goes, what others left stays", () => {
  using dir = new TestDir();
  image(dir, "one");
  const bin = `${dir.dir}/bin`;
  Deno.writeTextFileSync(`${bin}/.kuma-cni.0123456789abcdef.tmp`, "half");
  Deno.mkdirSync(`${bin}/.kuma-cni-0123456789abcdef.0123456789abcdef.tmp`);
  Deno.writeTextFileSync(`${bin}/.other.0123456789abcdef.tmp`, "theirs");
  const { folder } = install(dir, "/opt/cni/bin");
  assert.deepEqual(names(bin), [folder, ".other.0123456789abcdef.tmp", "kuma-cni"].sort());
});

Deno.test("a bin dir that is too long for the loader's path is refused, and no dir at all is an error", () => {
  using dir = new TestDir();
  image(dir, "one");
  const refused = { code: "KUMA-INS-020" };
  const stage = (hostDir: string) => stageProgram(dir.settings, hostDir, silentLogger);
  assert.throws(() => stage(`/${"x".repeat(300)}`), refused);
  assert.deepEqual(names(`${dir.dir}/bin`), []);
  Deno.removeSync(`${dir.dir}/bin`, { recursive: true });
  assert.throws(() => stage("/opt/cni/bin"), refused);
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

import assert from "node:assert/strict";
import fc from "fast-check";
import { KumaError } from "core/errors.ts";
import {
  interpreterFor,
  locateInterpreter,
  LONGEST_BIN_DIR,
  paddedInterpreter,
  readInterpreter,
  RUNTIME_FOLDER,
} from "./elf_interpreter.ts";
import { rewriteInterpreter } from "tests/support/interpreter.ts";
import { runs } from "tests/support/property.ts";

const LOADER = "ld-linux-x86-64.so.2";

/** A minimal ELF64: header, a PT_LOAD and a PT_INTERP program header, the path, and bytes after it. */
function elf(path: string, tail = [1, 2, 3]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(`${path}\0`);
  const offset = 64 + 2 * 56;
  const bytes = new Uint8Array(offset + text.length + tail.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 2, true);
  view.setUint32(64, 1, true);
  view.setUint32(64 + 56, 3, true);
  view.setBigUint64(64 + 56 + 8, BigInt(offset), true);
  view.setBigUint64(64 + 56 + 32, BigInt(text.length), true);
  bytes.set(text, offset);
  bytes.set(tail, offset + text.length);
  return bytes;
}

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof KumaError) return error.code;
    throw error;
  }
  return "nothing thrown";
}

Deno.test("the path is found and read", () => {
  const program = elf("/lib64/ld-linux-x86-64.so.2");
  assert.deepEqual(locateInterpreter(program.subarray(0, 176)), { offset: 176, size: 28 });
  assert.equal(readInterpreter(program), "/lib64/ld-linux-x86-64.so.2");
});

Deno.test("a padded path moves to another bin dir and back, and no other byte changes", () => {
  const built = elf(paddedInterpreter("/opt/cni/bin", LOADER));
  const program = built.slice();
  rewriteInterpreter(program, "/var/lib/rancher/k3s/data/cni/");
  const path = readInterpreter(program);
  assert.ok(path.startsWith(`/var/lib/rancher/k3s/data/cni/${RUNTIME_FOLDER}//`));
  assert.equal(
    path.replace(/\/+/g, "/"),
    `/var/lib/rancher/k3s/data/cni/${RUNTIME_FOLDER}/${LOADER}`,
  );
  assert.equal(program.length, built.length);
  rewriteInterpreter(program, "/opt/cni/bin");
  assert.deepEqual(program, built);
});

Deno.test("any bin dir that fits keeps the length and names the same file", () => {
  const dir = fc.array(fc.stringMatching(/^[a-zA-Z0-9._-]{1,30}$/), { minLength: 0, maxLength: 9 })
    .map((parts) => "/" + parts.join("/"));
  fc.assert(
    fc.property(dir, dir, (from, to) => {
      fc.pre(from.length <= LONGEST_BIN_DIR && to.length <= LONGEST_BIN_DIR);
      const before = paddedInterpreter(from, LOADER);
      const after = interpreterFor(before, to);
      assert.equal(after.length, before.length);
      assert.equal(after, paddedInterpreter(to, LOADER));
    }),
    runs(2000),
  );
});

Deno.test("the longest bin dir fits, one byte more is refused and changes nothing", () => {
  const built = elf(paddedInterpreter("/opt/cni/bin", LOADER));
  const program = built.slice();
  assert.equal(
    code(() => rewriteInterpreter(program, "/" + "a".repeat(LONGEST_BIN_DIR))),
    "KUMA-HOST-021",
  );
  assert.deepEqual(program, built);
  rewriteInterpreter(program, "/" + "a".repeat(LONGEST_BIN_DIR - 1));
  assert.ok(readInterpreter(program).endsWith(`aaa/${RUNTIME_FOLDER}/${LOADER}`));
});

Deno.test("a non-ASCII bin dir is measured in bytes", () => {
  const padded = paddedInterpreter("/opt/cni/bin", LOADER);
  const moved = interpreterFor(padded, "/höst/bin");
  assert.equal(new TextEncoder().encode(moved).length, padded.length);
});

Deno.test("what is not padded, not absolute or not a program is refused", () => {
  assert.equal(code(() => rewriteInterpreter(elf("/lib64/ld.so"), "/opt")), "KUMA-HOST-021");
  assert.equal(code(() => interpreterFor(paddedInterpreter("/a", LOADER), "b")), "KUMA-HOST-021");
  assert.equal(code(() => readInterpreter(new Uint8Array(200))), "KUMA-HOST-020");
  assert.equal(code(() => readInterpreter(new Uint8Array(3))), "KUMA-HOST-020");
  const wide = elf("/x");
  wide[5] = 2;
  assert.equal(code(() => readInterpreter(wide)), "KUMA-HOST-020");
  assert.equal(
    code(() => readInterpreter(elf("/lib/ld.so", []).subarray(0, 180))),
    "KUMA-HOST-020",
  );
  assert.equal(code(() => locateInterpreter(elf("/lib/ld.so").subarray(0, 100))), "KUMA-HOST-020");
});

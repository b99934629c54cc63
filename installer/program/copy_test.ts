import assert from "node:assert/strict";
import { copyFile, isCopy } from "./copy.ts";
import { TestDir } from "../testing.ts";

Deno.test("a copy has the source's bytes with the patch in them, wherever pieces end", () => {
  using dir = new TestDir();
  const source = `${dir.dir}/source`, target = `${dir.dir}/bin/target`;
  const MIB = 1024 * 1024;
  for (const size of [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB + 3]) {
    const bytes = new Uint8Array(size).map((_, at) => at % 251);
    Deno.writeFileSync(source, bytes);
    for (const offset of [0, MIB - 2, MIB, size - 4].filter((at) => at >= 0 && at + 4 <= size)) {
      const patch = { offset, bytes: new Uint8Array([1, 2, 3, 4]) };
      const expected = bytes.slice();
      expected.set(patch.bytes, offset);
      assert.equal(copyFile(source, target, 0o755, patch), true);
      assert.ok(isEqual(Deno.readFileSync(target), expected), `${size} ${offset}`);
      assert.equal(isCopy(source, target, 0o755, patch), true);
      assert.equal(copyFile(source, target, 0o755, patch), false, "the same is not written again");
    }
    copyFile(source, target, 0o755);
    assert.ok(isEqual(Deno.readFileSync(target), bytes));
  }
  assert.deepEqual([...Deno.readDirSync(`${dir.dir}/bin`)].map(({ name }) => name), ["target"]);
});

Deno.test("another mode, size, byte or kind of file is no copy", () => {
  using dir = new TestDir();
  const source = `${dir.dir}/source`, target = `${dir.dir}/target`;
  Deno.writeTextFileSync(source, "program");
  const differs: (() => void)[] = [
    () => Deno.chmodSync(target, 0o644),
    () => Deno.writeTextFileSync(target, "Program"),
    () => Deno.writeTextFileSync(target, "program "),
    () => Deno.removeSync(target),
    () => {
      Deno.removeSync(target);
      Deno.symlinkSync(source, target);
    },
  ];
  for (const change of differs) {
    copyFile(source, target, 0o755);
    assert.equal(isCopy(source, target, 0o755), true);
    change();
    assert.equal(isCopy(source, target, 0o755), false, String(change));
  }
  copyFile(source, target, 0o755);
  assert.ok(Deno.lstatSync(target).isFile, "a link is replaced, not followed");
});

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

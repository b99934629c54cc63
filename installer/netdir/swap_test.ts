import assert from "node:assert/strict";
import { EMPTY_JOURNAL, readJournal, writeJournal } from "./journal.ts";
import { recover } from "./recover.ts";
import { hashOf, takeSnapshot } from "./snapshot.ts";
import { swapFile } from "./swap.ts";
import { TestDir } from "../testing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a swap keeps mode and leaves no temporary file", () => {
  using dir = new TestDir();
  dir.write("a.conflist", "old");
  Deno.chmodSync(`${dir.places.netDir}/a.conflist`, 0o640);
  const snapshot = takeSnapshot(`${dir.places.netDir}/a.conflist`)!;
  assert.equal(swapFile(dir.places, snapshot, bytes("new"), () => {}), true);
  assert.equal(dir.read("a.conflist"), "new");
  assert.equal((Deno.statSync(`${dir.places.netDir}/a.conflist`).mode ?? 0) & 0o777, 0o640);
  assert.deepEqual(dir.state(), []);
});

Deno.test("a file that changed since, or is gone, is not touched", () => {
  using dir = new TestDir();
  const path = `${dir.places.netDir}/a.conflist`;
  const changes: (() => void)[] = [
    () => dir.write("a.conflist", "theirs"),
    () => {
      dir.write("b", "old");
      Deno.renameSync(`${dir.places.netDir}/b`, path);
    },
    () => Deno.removeSync(path),
  ];
  for (const change of changes) {
    dir.write("a.conflist", "old");
    const snapshot = takeSnapshot(path)!;
    change();
    const there = takeSnapshot(path)?.hash;
    assert.equal(swapFile(dir.places, snapshot, bytes("new"), () => {}), false);
    assert.equal(takeSnapshot(path)?.hash, there);
    // Between our last look and the exchange: the intent is the last thing before it.
    dir.write("a.conflist", "old");
    assert.equal(swapFile(dir.places, takeSnapshot(path)!, bytes("new"), change), false);
    assert.notEqual(takeSnapshot(path)?.hash, hashOf("new"));
    assert.deepEqual(dir.state(), []);
  }
});

Deno.test("after a crash in a swap, another writer's version goes back to its place", () => {
  using dir = new TestDir();
  const temporary = `${dir.places.state}/swap.1.tmp`;
  const crash = (held: string, there: string | undefined) => {
    Deno.writeTextFileSync(temporary, held);
    if (there === undefined) Deno.removeSync(`${dir.places.netDir}/a.conflist`);
    else dir.write("a.conflist", there);
    const pending = {
      temporary,
      file: "a.conflist",
      expected: hashOf("old"),
      put: hashOf("ours"),
    };
    writeJournal(dir.places, { ...EMPTY_JOURNAL, pending });
    const restored = recover(dir.places);
    assert.deepEqual(dir.state(), ["journal.json"]);
    assert.equal(readJournal(dir.places).pending, undefined);
    return [restored, dir.names().length === 0 ? undefined : dir.read("a.conflist")];
  };
  assert.deepEqual(crash("ours", "old"), [undefined, "old"]);
  assert.deepEqual(crash("old", "ours"), [undefined, "ours"]);
  assert.deepEqual(crash("theirs", "ours"), ["a.conflist", "theirs"]);
  assert.deepEqual(crash("theirs", "newer"), [undefined, "newer"]);
  assert.deepEqual(crash("theirs", undefined), ["a.conflist", "theirs"]);
});

Deno.test("a damaged journal is as good as none", () => {
  using dir = new TestDir();
  for (const text of ["", "{", "null", "[]", `{"version":2,"files":{}}`]) {
    Deno.writeTextFileSync(dir.places.journal, text);
    assert.deepEqual(readJournal(dir.places), EMPTY_JOURNAL);
  }
});

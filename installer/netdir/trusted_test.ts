import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { effectiveUserId } from "core/host/libc.ts";
import { requires } from "tests/support/requires.ts";
import { TestDir } from "../testing.ts";
import { EMPTY_JOURNAL, readJournal, writeJournal } from "./journal.ts";
import { NodeLock } from "./lock.ts";
import { recover } from "./recover.ts";

const SOMEBODY = 5678;
// Opens the C library before any test.
effectiveUserId();
const test = requires("root");
const inState = ({ places }: TestDir) => [places.journal, places.lock, places.successor];

/** What somebody else may do to the state folder. */
const ATTACKS: Readonly<Record<string, (dir: TestDir) => void>> = {
  "the net dir is somebody else's": ({ places }) =>
    Deno.chownSync(places.netDir, SOMEBODY, SOMEBODY),
  "the folder is somebody else's": ({ places }) => Deno.chownSync(places.state, SOMEBODY, SOMEBODY),
  "the files are somebody else's": (dir) =>
    inState(dir).forEach((file) => Deno.chownSync(file, SOMEBODY, SOMEBODY)),
  "the files may be written by others": (dir) =>
    inState(dir).forEach((file) => Deno.chmodSync(file, 0o666)),
  "the files are links": (dir) =>
    inState(dir).forEach((file) => {
      Deno.renameSync(file, `${dir.dir}/elsewhere`);
      Deno.symlinkSync(`${dir.dir}/elsewhere`, file);
    }),
};

function isRefusal(error: unknown): boolean {
  return error instanceof KumaError && error.code === "KUMA-HOST-131" &&
    /owner is UID \d+/.test(error.message);
}

for (const [name, attack] of Object.entries(ATTACKS)) {
  test(`journal, lock and what a crash held are refused where ${name}`, async () => {
    using dir = new TestDir();
    const { places } = dir;
    dir.write("10-a.conflist", "ours");
    const held = `${places.state}/swap.tmp`;
    Deno.writeTextFileSync(held, "forged");
    const put = "0".repeat(64);
    const pending = { temporary: held, file: "10-a.conflist", expected: "", put };
    writeJournal(places, { ...EMPTY_JOURNAL, pending });
    for (const file of [places.lock, places.successor]) Deno.writeTextFileSync(file, "");
    assert.equal(readJournal(places).pending?.temporary, held);
    attack(dir);
    assert.throws(() => readJournal(places), isRefusal);
    assert.throws(() => writeJournal(places, EMPTY_JOURNAL), isRefusal);
    assert.throws(() => recover(places), isRefusal);
    await assert.rejects(new NodeLock(places).take(new AbortController().signal), isRefusal);
    assert.equal(dir.read("10-a.conflist"), "ours");
  });
}

Deno.test("what a crash held is put back from the state folder alone", () => {
  using dir = new TestDir();
  const { places } = dir;
  const elsewhere = `${dir.dir}/elsewhere`;
  Deno.writeTextFileSync(elsewhere, "not ours to move");
  const pending = { temporary: elsewhere, file: "10-a.conflist", expected: "", put: "" };
  writeJournal(places, { ...EMPTY_JOURNAL, pending });
  assert.equal(recover(places), undefined);
  assert.deepEqual(dir.names(), []);
  assert.equal(Deno.readTextFileSync(elsewhere), "not ours to move");
});

import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import {
  createExclusive,
  removeIfThere,
  removeTemporaries,
  replaceFile,
  TEMPORARY_NAME,
} from "./atomic_file.ts";
import { effectiveUserId } from "./libc.ts";

effectiveUserId(); // Opens the C library outside of any test.

async function inDirectory(test: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const mode = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o7777;

Deno.test("replaceFile creates with the exact mode, whatever the umask", () =>
  inDirectory((directory) => {
    const before = Deno.umask(0o077);
    try {
      replaceFile(`${directory}/a`, "one", { mode: 0o755 });
    } finally {
      Deno.umask(before);
    }
    assert.equal(Deno.readTextFileSync(`${directory}/a`), "one");
    assert.equal(mode(`${directory}/a`), 0o755);
    assert.deepEqual([...Deno.readDirSync(directory)].map((entry) => entry.name), ["a"]);
  }));

Deno.test("replaceFile replaces content and mode and leaves no other file", () =>
  inDirectory((directory) => {
    Deno.writeTextFileSync(`${directory}/a`, "a much longer old content", { mode: 0o644 });
    replaceFile(`${directory}/a`, new TextEncoder().encode("new"), { mode: 0o600 });
    assert.equal(Deno.readTextFileSync(`${directory}/a`), "new");
    assert.equal(mode(`${directory}/a`), 0o600);
    assert.equal([...Deno.readDirSync(directory)].length, 1);
  }));

Deno.test("what is of this boot alone is replaced as well", () =>
  inDirectory((directory) => {
    replaceFile(`${directory}/a`, "old", { mode: 0o644 });
    replaceFile(`${directory}/a`, "new", { mode: 0o600, ofThisBoot: true });
    assert.deepEqual(Array.from(Deno.readDirSync(directory), ({ name }) => name), ["a"]);
    assert.equal(Deno.readTextFileSync(`${directory}/a`), "new");
  }));

Deno.test("replaceFile replaces a link and not what it points to", () =>
  inDirectory((directory) => {
    Deno.writeTextFileSync(`${directory}/victim`, "untouched");
    Deno.symlinkSync(`${directory}/victim`, `${directory}/a`);
    replaceFile(`${directory}/a`, "new", { mode: 0o600 });
    assert.equal(Deno.readTextFileSync(`${directory}/victim`), "untouched");
    assert.equal(Deno.lstatSync(`${directory}/a`).isSymlink, false);
  }));

Deno.test("replaceFile sets the owner", () =>
  inDirectory((directory) => {
    const uid = Deno.uid() ?? 0, gid = Deno.gid() ?? 0;
    const owner = uid === 0 ? { uid: 5678, gid: 5678 } : { uid, gid };
    replaceFile(`${directory}/a`, "x", { mode: 0o600, owner });
    assert.equal(Deno.statSync(`${directory}/a`).uid, owner.uid);
  }));

Deno.test("replaceFile that fails leaves the directory as it was and says where", () =>
  inDirectory((directory) => {
    Deno.mkdirSync(`${directory}/a`);
    for (const ofThisBoot of [false, true]) {
      assert.throws(
        () => replaceFile(`${directory}/a`, "x", { mode: 0o600, ofThisBoot }),
        (error) => error instanceof KumaError && error.message.includes(`${directory}/a`),
      );
    }
    assert.ok(Deno.statSync(`${directory}/a`).isDirectory);
    assert.deepEqual([...Deno.readDirSync(directory)].map((entry) => entry.name), ["a"]);
    assert.throws(() => replaceFile(`${directory}/no/x`, "x", { mode: 0o600 }), KumaError);
    assert.throws(() => replaceFile(`${directory}/`, "x", { mode: 0o600 }), KumaError);
  }));

Deno.test("createExclusive refuses a taken path, a dangling link included", () =>
  inDirectory((directory) => {
    Deno.symlinkSync(`${directory}/nowhere`, `${directory}/a`);
    assert.throws(
      () => createExclusive(`${directory}/a`, "x", { mode: 0o600 }),
      (error) => error instanceof KumaError && error.cause instanceof Deno.errors.AlreadyExists,
    );
    assert.equal([...Deno.readDirSync(directory)].length, 1);
  }));

Deno.test("the temporary name is none that a CNI runtime reads", () => {
  for (const name of [".10-a.conflist.0123456789abcdef.tmp", ".kuma-cni.0123456789abcdef.tmp"]) {
    assert.match(name, TEMPORARY_NAME);
    assert.doesNotMatch(name, /\.(conf|conflist|json)$/);
  }
});

Deno.test("removeTemporaries takes what a killed run left of this file, and nothing else", () =>
  inDirectory((directory) => {
    const others = ["a", "a.b", ".a.b.0123456789abcdef.tmp", ".b.0123456789abcdef.tmp", ".a.tmp"];
    for (const name of [...others, ".a.0123456789abcdef.tmp"]) {
      Deno.writeTextFileSync(`${directory}/${name}`, "");
    }
    removeTemporaries(`${directory}/a`);
    removeTemporaries(`${directory}/none/a`);
    const left = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(left, others.sort());
  }));

Deno.test("removeIfThere accepts a file that is gone", () =>
  inDirectory((directory) => {
    Deno.writeTextFileSync(`${directory}/a`, "");
    removeIfThere(`${directory}/a`);
    removeIfThere(`${directory}/a`);
    assert.equal([...Deno.readDirSync(directory)].length, 0);
  }));

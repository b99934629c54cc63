import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { inSocketFolder, socketIn, sweepBeside } from "./socket_folder.ts";

const LATER = Date.now() + 3_600_000;

async function inParent(use: (parent: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "sweep-" });
  try {
    await use(parent);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** A folder whose program was killed: its socket is still there. */
function left(parent: string): string {
  return inSocketFolder((folder) => {
    // Closing removes the socket by its name, as no killed program does.
    const listener = Deno.listen({ transport: "unix", path: `${folder}/new` });
    Deno.renameSync(`${folder}/new`, socketIn(folder));
    listener.close();
    return folder;
  }, [parent]);
}

const remaining = (parent: string) => [...Deno.readDirSync(parent)].map(({ name }) => name).sort();
const nameOf = (folder: string) => folder.slice(folder.lastIndexOf("/") + 1);

Deno.test("what killed programs left goes, and nothing else", () =>
  inParent(async (parent) => {
    const own = left(parent);
    const gone = [left(parent), left(parent)];
    const empty = inSocketFolder((folder) => folder, [parent]);

    const alive = left(parent);
    Deno.removeSync(socketIn(alive));
    using _listener = Deno.listen({ transport: "unix", path: socketIn(alive) });
    const furnished = left(parent);
    Deno.writeTextFileSync(`${furnished}/mine`, "");
    const open = left(parent);
    Deno.chmodSync(open, 0o755);
    const foreign = `${parent}/another-program-1`;
    Deno.mkdirSync(foreign, { mode: 0o700 });
    const target = `${parent}/elsewhere`;
    Deno.renameSync(left(parent), target);
    Deno.symlinkSync(target, `${parent}/kuma-webhook-link`);
    Deno.writeTextFileSync(`${parent}/kuma-webhook-file`, "");

    await sweepBeside(own, LATER);
    assert.deepEqual(
      remaining(parent),
      [own, alive, furnished, open, foreign, target].map(nameOf)
        .concat("kuma-webhook-link", "kuma-webhook-file").sort(),
    );
    assert.deepEqual(remaining(target), ["http.sock"], "a link is not followed");
    assert.ok(gone.concat(empty).every((folder) => !remaining(parent).includes(nameOf(folder))));
  }));

Deno.test("a folder that was only just made may be of a program that starts", () =>
  inParent(async (parent) => {
    const folders = [left(parent), left(parent)];
    await sweepBeside(folders[0]!);
    assert.deepEqual(remaining(parent), folders.map(nameOf).sort());
  }));

Deno.test("the next place is taken where the first will not do, and nothing stays in that", () =>
  inParent((parent) => {
    const [first, second] = [`${parent}/first`, `${parent}/second`];
    Deno.mkdirSync(first);
    Deno.mkdirSync(second);
    const folder = inSocketFolder((folder) => {
      if (folder.startsWith(first)) throw new TypeError("no sockets here");
      return folder;
    }, ["/proc", first, second]);
    assert.ok(folder.startsWith(`${second}/kuma-webhook-`));
    assert.deepEqual(remaining(first), []);
    assert.throws(() => inSocketFolder((folder) => folder, ["/proc"]), (error) => {
      assert.ok(error instanceof KumaError);
      assert.equal(error.code, "KUMA-WH-024");
      assert.match(error.line, /mount a folder that can be written at \/proc/);
      return true;
    });
    return Promise.resolve();
  }));

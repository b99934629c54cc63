/** What the compiled program leaves behind when it is killed, and that it goes with the next start. */
import assert from "node:assert/strict";
import { socketIn, sweepBeside } from "core/serve/socket_folder.ts";
import { startApiServer } from "../kube/apiserver.ts";
import { waitUntil } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { Program } from "./program.ts";
import { furnishKuma } from "./test_webhook.ts";

/** Folders of sockets on which the process listens (proc_net(5): path last, inode before it). */
function foldersOf(pid: number): string[] {
  const inodes = new Set(
    [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) =>
      /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(`/proc/${pid}/fd/${name}`))?.[1]
    ),
  );
  const lines = Deno.readTextFileSync(`/proc/${pid}/net/unix`).trim().split("\n");
  const found = lines.map((line) => line.trim().split(/\s+/)).filter(([, , , , , , inode, path]) =>
    inodes.has(inode) && path?.includes("/kuma-webhook-")
  );
  return [...new Set(found.map(([, , , , , , , path = ""]) => path.replace(/\/[^/]*$/, "")))];
}

function isThere(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

requires("etcd")(
  "a killed program's folder goes with a later start, a running one's stays",
  async () => {
    await using cluster = await startApiServer();
    await furnishKuma(cluster);
    await using killed = await Program.ready(cluster);
    await using runs = await Program.ready(cluster);
    const [left = ""] = foldersOf(killed.pid);
    const [kept = ""] = foldersOf(runs.pid);
    assert.match(left, /^\/(tmp|dev\/shm)\/kuma-webhook-/);
    assert.notEqual(kept, left);
    await killed.end("SIGKILL");
    const hourAgo = new Date(Date.now() - 3_600_000);
    for (const folder of [left, kept]) Deno.utimeSync(folder, hourAgo, hourAgo);
    assert.ok(isThere(left), "nobody could remove it");

    await using next = await Program.ready(cluster);
    await waitUntil("it is swept", () => !isThere(left));
    assert.equal((await runs.get("/healthz")).status, 200);
    const [own = ""] = foldersOf(next.pid);
    for (const program of [runs, next]) assert.equal((await program.end()).code, 0);
    assert.deepEqual([kept, own].filter(isThere), [], "who ends as asked leaves nothing");
  },
);

requires("root")("another user's folder is left alone", async () => {
  const parent = await Deno.makeTempDir({ prefix: "sweep-" });
  try {
    const [own, other] = [`${parent}/kuma-webhook-own`, `${parent}/kuma-webhook-other`];
    for (const folder of [own, other]) {
      Deno.mkdirSync(folder, { mode: 0o700 });
      const listener = Deno.listen({ transport: "unix", path: `${folder}/new` });
      Deno.renameSync(`${folder}/new`, socketIn(folder));
      listener.close();
    }
    Deno.chownSync(other, 65_532, 65_532);
    await sweepBeside(own, Date.now() + 3_600_000);
    assert.deepEqual([own, other].filter(isThere), [own, other]);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

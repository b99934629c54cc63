import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import { readRecords } from "../transparent_proxy/record.ts";
import { FirewallJournal, type Notes } from "./journal.ts";

const NOTES: Notes = {
  known: { ipv4: [{ table: "nat", chain: "OUTPUT", canonical: "-j RETURN" }], ipv6: [] },
  nftBefore: { ipv4: { nat: ["OUTPUT"] }, ipv6: undefined },
};

async function withDirectory(test: (directory: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "kuma-journal-" });
  try {
    test(`${directory}/deep`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

// The C library, which writing files uses, stays open as long as the program.
const STAYS_OPEN = { sanitizeResources: false };

Deno.test("notes come back as they were written, private to root", STAYS_OPEN, async () => {
  await withDirectory((directory) => {
    const journal = new FirewallJournal(silentLogger, directory);
    assert.equal(journal.read(), undefined);
    journal.write(NOTES);
    assert.deepEqual(journal.read(), {
      ...NOTES,
      nftBefore: { ipv4: { nat: ["OUTPUT"] } },
    });
    const [entry] = [...Deno.readDirSync(directory)];
    assert.equal(Deno.statSync(`${directory}/${entry?.name}`).mode! & 0o777, 0o600);
    journal.remove();
    assert.equal(journal.read(), undefined);
  });
});

Deno.test("what a power loss left of notes is none, and nothing to warn of", async () => {
  await withDirectory((directory) => {
    const journal = new FirewallJournal(
      { ...silentLogger, warn: (text) => assert.fail(text) },
      directory,
    );
    journal.write(NOTES);
    for (const left of ["", "\0\0\0\0"]) {
      Deno.writeTextFileSync(journal.path, left);
      assert.equal(journal.read(), undefined);
      Deno.writeTextFileSync(journal.path.replace(".json", ".installed.json"), left, {
        mode: 0o600,
      });
      assert.deepEqual(readRecords(directory), {});
    }
  });
});

const old =
  "notes without a cookie are believed in the namespace of process 1 alone, else warned of";
Deno.test(old, async () => {
  await withDirectory((directory) => {
    new FirewallJournal(silentLogger, directory).write(NOTES);
    const path = `${directory}/${[...Deno.readDirSync(directory)][0]?.name}`;
    const { cookie, ...file } = JSON.parse(Deno.readTextFileSync(path));
    Deno.writeTextFileSync(path, JSON.stringify(file));
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const notes = new FirewallJournal(logger, directory).read();
    const believed = cookie === undefined || isNamespaceOfFirstProcess();
    assert.equal(notes !== undefined, believed);
    assert.equal(warnings.length, believed ? 0 : 1, warnings.join("\n"));
  });
});

function isNamespaceOfFirstProcess(): boolean {
  try {
    return Deno.readLinkSync("/proc/1/ns/net") === Deno.readLinkSync("/proc/thread-self/ns/net");
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

Deno.test("notes of another boot or netns, and what is no journal, are ignored", async () => {
  await withDirectory((directory) => {
    const journal = new FirewallJournal(silentLogger, directory);
    journal.write(NOTES);
    const path = `${directory}/${[...Deno.readDirSync(directory)][0]?.name}`;
    const file = JSON.parse(Deno.readTextFileSync(path));
    const others: unknown[] = [
      { ...file, boot: "another" },
      { ...file, netns: 1 },
      { ...file, version: 2 },
      { ...file, notes: { known: [], nftBefore: {} } },
      { ...file, notes: { ...NOTES, known: { ipv4: [{ table: 1 }], ipv6: [] } } },
      { ...file, notes: { ...NOTES, nftBefore: { ipv4: { filter: [] } } } },
      [],
      null,
    ];
    for (const other of others) {
      Deno.writeTextFileSync(path, JSON.stringify(other));
      assert.equal(journal.read(), undefined, JSON.stringify(other));
    }
    Deno.writeTextFileSync(path, "{ not JSON");
    assert.equal(journal.read(), undefined);
  });
});

/** Root believes no journal, lock or backup that another user can have put there. */
import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { FirewallJournal, NO_NOTES, type Notes } from "core/host/firewall/journal.ts";
import {
  checkFirewalldFile,
  removeFromFirewalld,
  storeInFirewalld,
} from "core/host/firewalld/direct_file.ts";
import { takeTurn } from "core/host/firewall/turn.ts";
import { netnsInode } from "core/host/netns.ts";
import {
  resolvConfText,
  restoreResolvConf,
} from "core/host/transparent_proxy/resolv_conf_backup.ts";
import type { Session } from "core/host/transparent_proxy/session.ts";
import { silentLogger } from "core/log/logger.ts";
import { buildRuleset } from "core/rules/build.ts";
import { exampleConfig, exampleFacts } from "core/rules/testing/examples.ts";
import { requires } from "tests/support/requires.ts";
import { install, Machine, uninstall } from "./machine.ts";

const test = requires("root", "netns", "iptables-nft");
const KUMA_DP = 5678;
// The C library stays open as long as the program.
const STAYS_OPEN = { sanitizeResources: false };
const RULESET = buildRuleset(exampleConfig(), exampleFacts("ipv4"));
const FORGED: Notes = {
  ...NO_NOTES,
  known: { ipv4: [{ table: "filter", chain: "INPUT", canonical: "-j DROP" }], ipv6: [] },
};

/** What somebody else may do to a folder `state/journals` with a journal and a lock in it. */
const ATTACKS: Readonly<Record<string, (places: Places) => void>> = {
  "the parent folder belongs to kuma-dp": ({ parent }) => Deno.chownSync(parent, KUMA_DP, KUMA_DP),
  "the folder belongs to kuma-dp": ({ folder }) => Deno.chownSync(folder, KUMA_DP, KUMA_DP),
  "the folder may be written by a group": ({ folder }) => Deno.chmodSync(folder, 0o770),
  "the folder is sticky": ({ folder }) => Deno.chmodSync(folder, 0o1777),
  "the files belong to kuma-dp": ({ files }) =>
    files.forEach((file) => Deno.chownSync(file, KUMA_DP, KUMA_DP)),
  "the files may be written by a group": ({ files }) =>
    files.forEach((file) => Deno.chmodSync(file, 0o660)),
  "the files are links": ({ files }) =>
    files.forEach((file) => {
      Deno.renameSync(file, `${file}.real`);
      Deno.symlinkSync(`${file}.real`, file);
    }),
};

interface Places {
  readonly parent: string;
  readonly folder: string;
  /** The journal and the lock. */
  readonly files: readonly string[];
}

async function withState(test: (places: Places) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "kuma-trusted-" });
  try {
    const parent = `${root}/state`, folder = `${parent}/journals`;
    new FirewallJournal(silentLogger, folder).write(FORGED);
    (await takeTurn(silentLogger, { directory: folder }))[Symbol.dispose]();
    const files = ["json", "lock"].map((end) => `${folder}/${netnsInode()}.${end}`);
    await test({ parent, folder, files });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof KumaError && error.code === "KUMA-HOST-131" &&
    /owner is UID \d+/.test(error.message) && /chown root/.test(error.hint ?? "");
}

for (const [name, attack] of Object.entries(ATTACKS)) {
  Deno.test(`journal and lock are refused where ${name}`, STAYS_OPEN, async () => {
    await withState(async (places) => {
      const journal = new FirewallJournal(silentLogger, places.folder);
      assert.equal(journal.read()?.known.ipv4.length, 1, "what is root's own is read");
      attack(places);
      assert.throws(() => journal.read(), isRefusal);
      assert.throws(() => journal.write(NO_NOTES), isRefusal);
      await assert.rejects(takeTurn(silentLogger, { directory: places.folder }), isRefusal);
    });
  });
}

Deno.test("a backup of resolv.conf that others can write is not restored", STAYS_OPEN, () => {
  const folder = Deno.makeTempDirSync({ prefix: "kuma-trusted-" });
  try {
    const path = `${folder}/resolv.conf`, backup = `${path}.kuma-backup`;
    Deno.writeTextFileSync(path, "nameserver 192.0.2.1\n");
    Deno.writeTextFileSync(backup, "nameserver 192.0.2.66\n");
    Deno.chownSync(backup, KUMA_DP, KUMA_DP);
    const session = { dryRun: false } as Session;
    assert.throws(() => restoreResolvConf(session, path), isRefusal);
    assert.equal(Deno.readTextFileSync(path), "nameserver 192.0.2.1\n");
    Deno.chownSync(backup, 0, 0);
    assert.equal(restoreResolvConf(session, path), true);
    assert.equal(Deno.readTextFileSync(path), "nameserver 192.0.2.66\n");
    // An empty one would leave the host without a resolver.
    Deno.writeTextFileSync(backup, "\n");
    assert.equal(restoreResolvConf({ ...session, logger: silentLogger }, path), false);
    assert.equal(resolvConfText(path), undefined);
    assert.equal(Deno.readTextFileSync(path), "nameserver 192.0.2.66\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test(
  "a direct.xml that others can change is neither written nor edited; one of others' is none of ours",
  STAYS_OPEN,
  () => {
    const folder = Deno.makeTempDirSync({ prefix: "kuma-trusted-" });
    try {
      const path = `${folder}/direct.xml`;
      const session = { dryRun: false, print: undefined, logger: silentLogger };
      assert.equal(storeInFirewalld([RULESET], session, { verbose: false }, path), true);
      const ours = Deno.readTextFileSync(path);
      assert.match(ours, /KUMA_MESH/);
      const foreign = '<?xml version="1.0" encoding="utf-8"?>\n<direct/>\n';
      for (
        const attack of [
          () => Deno.chownSync(path, KUMA_DP, KUMA_DP),
          () => Deno.chmodSync(path, 0o666),
          () => Deno.chmodSync(folder, 0o777),
        ]
      ) {
        attack();
        assert.throws(() => checkFirewalldFile(path), isRefusal);
        assert.throws(() => storeInFirewalld([], session, { verbose: false }, path), isRefusal);
        assert.throws(() => removeFromFirewalld(session, path), isRefusal);
        assert.equal(Deno.readTextFileSync(path), ours);
        Deno.writeTextFileSync(path, foreign);
        assert.equal(removeFromFirewalld(session, path), false);
        Deno.writeTextFileSync(path, ours);
        Deno.chownSync(path, 0, 0);
        Deno.chmodSync(path, 0o600);
        Deno.chmodSync(folder, 0o700);
      }
      assert.equal(removeFromFirewalld(session, path), true);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);

// The compiled program: its permissions have to suffice for the look as well.
test("the administrator's rule stays, whoever owns /run/kuma or the journal's own folder", async () => {
  await using machine = await Machine.create();
  const folder = "/run/kuma-transparent-proxy";
  const rule = ["INPUT", "-p", "tcp", "-m", "tcp", "--dport", "9", "-j", "DROP"];
  const untouched = `-P INPUT ACCEPT\n-A ${rule.join(" ")}\n`;
  await machine.must("iptables-nft", "-A", ...rule);
  // As systemd does for a unit with RuntimeDirectory=kuma; nothing of ours is in there.
  await machine.must("mkdir", "-p", "/run/kuma/transparent-proxy");
  await machine.must("chown", "-R", `${KUMA_DP}:${KUMA_DP}`, "/run/kuma");
  await machine.kumactlMust(...install());
  await machine.kumactlMust(...uninstall());
  assert.equal(await machine.must("iptables-nft", "-S", "INPUT"), untouched);

  await machine.must("mkdir", "-p", folder);
  await machine.must("chown", "-R", `${KUMA_DP}:${KUMA_DP}`, folder);
  for (const command of [uninstall(), install()]) {
    const done = await machine.kumactl(command);
    assert.equal(done.code, 1);
    assert.match(
      done.stderr,
      /^Error: [^\n]*\/run\/kuma-transparent-proxy is not trusted: [^\n]*UID 5678[^\n]*\n(Hint: [^\n]*\n)?$/,
    );
  }
  assert.equal(await machine.must("iptables-nft", "-S", "INPUT"), untouched);
  await machine.must("chown", "-R", "0:0", folder);
  await machine.kumactlMust(...install());
});

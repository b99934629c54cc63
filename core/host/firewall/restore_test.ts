import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { silentLogger } from "core/log/logger.ts";
import type { RunOptions, RunResult } from "../run.ts";
import { Children } from "./children.ts";
import { type Patience, Restorer } from "./restore.ts";
import { ToolFinder, type Tools } from "./tools.ts";

const TOOLS: Tools = {
  family: "ipv4",
  flavour: "legacy",
  version: [1, 8, 9],
  custom: false,
  iptables: "/x/iptables",
  save: "/x/iptables-save",
  restore: "/x/iptables-restore",
};
const PATIENCE: Patience = { wait: 5, waitInterval: 100, maxRetries: 2, sleepBetweenRetries: 1 };
const OK: RunResult = { code: 0, signal: null, stdout: "", stderr: "" };
const LOCKED: RunResult = {
  ...OK,
  code: 4,
  stderr:
    "Another app is currently holding the xtables lock. Perhaps you want to use the -w option?\n",
};

/** A restorer whose programs give these results in turn, and what they were called with. */
function restorer(results: RunResult[], patience = PATIENCE, lockFile?: string) {
  const calls: { argv: readonly string[]; options: RunOptions }[] = [];
  const children = new Children({
    run: (argv, options = {}) => {
      calls.push({ argv, options });
      return Promise.resolve(results.shift() ?? OK);
    },
  });
  const made = new Restorer(children, new ToolFinder(children, ""), patience, lockFile);
  return { made, calls };
}

Deno.test("flags for the lock go to detected legacy builds that know them, and to nothing else", async () => {
  const flags = async (tools: Partial<Tools>, patience = PATIENCE) =>
    (await restorer([], patience).made.argv({ ...TOOLS, ...tools })).slice(1);
  assert.deepEqual(await flags({}), ["--wait=5", "--wait-interval=100", "--noflush"]);
  assert.deepEqual(await flags({}, { ...PATIENCE, wait: 0, waitInterval: 0 }), ["--noflush"]);
  assert.deepEqual(await flags({ version: [1, 6, 1] }), ["--noflush"]);
  assert.deepEqual(await flags({ flavour: "nft" }), ["--noflush"]);
  assert.deepEqual(await flags({ custom: true }), ["--noflush"]);
});

Deno.test("rules go in on standard input; the lock moves for legacy 1.8.6 and newer only", async () => {
  for (
    const [tools, env] of [
      [{}, { XTABLES_LOCKFILE: "/ns" }],
      [{ version: [1, 8, 5] }, undefined],
      [{ flavour: "nft" }, undefined],
    ] as const
  ) {
    const { made, calls } = restorer([OK], PATIENCE, "/ns");
    assert.deepEqual(await made.call({ ...TOOLS, ...tools }, "*nat\n"), { kind: "ok" });
    assert.equal(calls[0]?.options.stdin, "*nat\n");
    assert.deepEqual(calls[0]?.options.env, env);
  }
});

const asFile = "programs that a person named get the rules as a file, named last";
// The C library stays open.
Deno.test(asFile, { sanitizeResources: false }, async () => {
  const read: string[] = [];
  const children = new Children({
    run: (argv, options = {}) => {
      assert.equal(options.stdin, undefined);
      assert.deepEqual(argv.slice(0, 3), ["/x/iptables-restore", "--test", "--noflush"]);
      read.push(Deno.readTextFileSync(argv.at(-1) ?? ""));
      return Promise.resolve(OK);
    },
  });
  const made = new Restorer(children, new ToolFinder(children, ""), PATIENCE);
  await made.call({ ...TOOLS, custom: true }, "*nat\nCOMMIT\n", ["--test"]);
  assert.deepEqual(read, ["*nat\nCOMMIT\n"]);
});

Deno.test("only the lock makes a check wait, and in the end it is named", async () => {
  const patient = restorer([LOCKED, LOCKED, OK]);
  assert.deepEqual(await patient.made.test(TOOLS, "", silentLogger), { kind: "ok" });
  assert.equal(patient.calls.length, 3);
  await assert.rejects(
    restorer([LOCKED, LOCKED, LOCKED]).made.test(TOOLS, "", silentLogger),
    (error) => error instanceof KumaError && error.code === "KUMA-TP-206",
  );
  const refused = restorer([{ ...OK, code: 2, stderr: "bad\nline 3\n" }]);
  assert.deepEqual(await refused.made.test(TOOLS, "", silentLogger), {
    kind: "failed",
    reason: "exit status 2: bad, line 3",
  });
  assert.equal(refused.calls.length, 1);
});

Deno.test("a check that crashes is passed over", async () => {
  const { made } = restorer([{ ...OK, code: 139, signal: "SIGSEGV" }]);
  assert.deepEqual(await made.test(TOOLS, "", silentLogger), { kind: "ok" });
});

Deno.test("an abort ends the pause between tries", async () => {
  const abort = new AbortController();
  const children = new Children({ signal: abort.signal, run: () => Promise.resolve(LOCKED) });
  const slow = { ...PATIENCE, sleepBetweenRetries: 60_000 };
  const made = new Restorer(children, new ToolFinder(children, ""), slow);
  const waiting = made.test(TOOLS, "", silentLogger);
  setTimeout(() => abort.abort(new Error("enough")), 5);
  await assert.rejects(waiting, /enough/);
});

Deno.test("an abort by an error of ours tells what the last try failed for", async () => {
  const abort = new AbortController();
  const children = new Children({ signal: abort.signal, run: () => Promise.resolve(LOCKED) });
  const slow = { ...PATIENCE, sleepBetweenRetries: 60_000 };
  const made = new Restorer(children, new ToolFinder(children, ""), slow);
  const waiting = made.test(TOOLS, "", silentLogger);
  setTimeout(() => abort.abort(new KumaError("KUMA-CNI-018", "time is up", { hint: "h" })), 5);
  await assert.rejects(
    waiting,
    (error) =>
      error instanceof KumaError && error.code === "KUMA-CNI-018" && error.hint === "h" &&
      /^time is up; the last try failed: .*holding the xtables lock/.test(error.message),
  );
});

Deno.test("a refusal that cannot pass is not tried again", async () => {
  const { made } = restorer([]);
  for (
    const [reason, code] of [
      ["exit status 4: line 3: RULE_APPEND failed (Operation not supported)", "KUMA-TP-205"],
      ["exit status 4: line 3: CHAIN_ADD failed (Operation not permitted)", "KUMA-TP-205"],
      ["exit status 4: line 3: RULE_APPEND failed (Invalid argument)", "KUMA-TP-205"],
      [
        "exit status 1: iptables-restore: line 3 failed: No chain/target/match by that name",
        "KUMA-TP-205",
      ],
      [
        "exit status 2: iptables-restore v1.8.9 (legacy): Couldn't load match `owner'",
        "KUMA-TP-205",
      ],
      ['exit status 2: iptables-restore v1.4.21: unknown option "--uid-owner"', "KUMA-TP-205"],
      [
        "exit status 3: iptables-restore v1.8.9: can't initialize: Table does not exist",
        "KUMA-TP-205",
      ],
      ["exit status 4: line 3: RULE_APPEND failed (No such file or directory)", undefined],
      ["exit status 4: line 3: RULE_APPEND failed (Device or resource busy)", undefined],
    ] as const
  ) {
    const first = made.pauseOrGiveUp(TOOLS, 1, { kind: "failed", reason }, silentLogger);
    if (code === undefined) await first;
    else {
      await assert.rejects(
        first,
        (error) =>
          error instanceof KumaError && error.code === code && error.message.includes(reason),
      );
    }
  }
});

import assert from "node:assert/strict";
import type { Look } from "./look.ts";
import { LONGEST_WAIT_MS, Quiet, QUIET_MS } from "./quiet.ts";

function seen(modified: number): Look {
  const snapshot = {
    path: "/a.conflist",
    bytes: new Uint8Array(),
    hash: "",
    mode: 0o600,
    owner: { uid: 0, gid: 0 },
    identity: "",
    modified,
  };
  const files = [{ name: "a.conflist", bytes: snapshot.bytes, snapshot }];
  return {
    files,
    plan: { action: "edit", file: "a.conflist", bytes: snapshot.bytes },
    strays: [],
    marks: undefined,
  };
}

Deno.test("a file that was just written is waited for, one that never rests is not", () => {
  const quiet = new Quiet();
  assert.equal(quiet.wait(seen(1000), 1000 + QUIET_MS), 0);
  assert.equal(quiet.wait(seen(1000), 1010), QUIET_MS - 10);
  let now = 1010;
  while (quiet.wait(seen(now - 5), now) > 0) now += 10;
  assert.equal(now, 1010 + LONGEST_WAIT_MS);
  assert.equal(quiet.wait(seen(now - QUIET_MS), now), 0);
  assert.ok(quiet.wait(seen(now), now) > 0, "quiet in between starts anew");
  assert.equal(quiet.wait(seen(now + 5000), now), 0, "a time in the future says nothing");
});

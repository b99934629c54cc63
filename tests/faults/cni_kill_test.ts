import assert from "node:assert/strict";
import { InstalledPlugin } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const KILLS = 40;

test(`ADD, killed at ${KILLS} moments and called again, ends with the whole rules each time`, async () => {
  using plugin = InstalledPlugin.create();
  await using api = await MisbehavingApi.create(() => Response.json(podObject()));
  await using whole = await CniSandbox.create(plugin);
  whole.connect(api);
  const started = performance.now();
  assert.equal((await whole.call("ADD")).code, 0);
  const once = performance.now() - started;
  const wanted = await whole.rules();

  let killed = 0;
  for (let round = 0; round < KILLS; round += 1) {
    await using sandbox = await CniSandbox.create(plugin);
    sandbox.connect(api);
    // Twice as long as a call takes at the most: the kills lie over all of it, and some come too late.
    const killAfterMs = 1 + (once * 1.3 * round) / KILLS;
    const done = await sandbox.call("ADD", { killAfterMs });
    if (done.code === 137) killed += 1;
    else assert.equal(done.code, 0, done.stdout);
    assert.equal((await sandbox.call("ADD")).code, 0);
    assert.equal(await sandbox.rules(), wanted);
    assert.equal((await sandbox.call("CHECK")).code, 0);
  }
  assert.ok(killed >= KILLS / 4, `only ${killed} of ${KILLS} were killed in time`);
});

import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { everyTool, ToolFolder } from "./cni_tools.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const NFT = "xtables-nft-multi";

test("iptables programs that never end: code 11 within 10 s, nothing half applied", async () => {
  using plugin = InstalledPlugin.create();
  await using api = await MisbehavingApi.create(() => Response.json(podObject()));
  // Side by side: each takes the whole time.
  await Promise.all(
    ["iptables-restore", "ip6tables-restore", "iptables"].map(async (hanging, index) => {
      await using sandbox = await CniSandbox.create(plugin);
      sandbox.connect(api);
      using folder = new ToolFolder({
        ...everyTool(NFT),
        // The program itself, or one that a wrapper started, which outlives it.
        [hanging]: { script: index === 0 ? "sleep 20; true" : "exec sleep 20" },
      });
      const started = performance.now();
      const error = errorOf(await sandbox.call("ADD", { within: folder.words(plugin.path) }));
      const took = performance.now() - started;
      assert.ok(took < 10_000, `${hanging}: ${took} ms`);
      assert.equal(error.code, 11, error.msg);
      assert.match(error.msg, /iptables did not end within/);
      assert.doesNotMatch(await sandbox.rules(), /KUMA/);
      // The node is well again: the next try succeeds.
      assert.equal((await sandbox.call("ADD")).code, 0);
    }),
  );
});

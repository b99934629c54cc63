import assert from "node:assert/strict";
import { InstalledPlugin } from "../cni/plugin.ts";
import { must, run } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { CniSandbox, podObject } from "./cni_sandbox.ts";
import { everyTool, ToolFolder } from "./cni_tools.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

test("a node whose user database is slow: ADD and CHECK do not wait for it", async () => {
  using plugin = InstalledPlugin.create();
  await using api = await MisbehavingApi.create(() => Response.json(podObject()));
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  // hesiod asks a DNS server for users. This one is in the pod's network and never answers.
  const { name, dir } = sandbox;
  await must("ip", ["-n", name, "link", "set", "peer0", "up"]);
  const mac = ["lladdr", "02:00:00:00:00:09", "dev", "eth0", "nud", "permanent"];
  await must("ip", ["-n", name, "neigh", "replace", "10.62.0.9", ...mac]);
  const file = (base: string, text: string) => {
    Deno.writeTextFileSync(`${dir}/${base}`, text);
    return `${dir}/${base}`;
  };
  const mounts = {
    "/etc/nsswitch.conf": file("nsswitch", "passwd: hesiod files\n"),
    "/etc/resolv.conf": file("resolv", "nameserver 10.62.0.9\noptions timeout:3 attempts:1\n"),
  };
  const env = { HESIOD_CONFIG: file("hesiod", "lhs=.ns\nrhs=.test\n") };
  const seen = `${dir}/seen`;
  const real = '/usr/sbin/xtables-nft-multi "${0##*/}" "$@"';
  using folder = new ToolFolder({
    ...everyTool("xtables-nft-multi"),
    "iptables-restore": { script: `echo "$HESIOD_CONFIG" >> ${seen}; exec ${real}` },
  });

  const rule = "iptables -A OUTPUT -m owner --uid-owner 5678 -j RETURN";
  const words = folder.words(`ip netns exec ${name} ${rule}`, mounts);
  const bare = await timed(() => run("env", words, { env }));
  assert.ok(bare > 2500, `the database is not slow: ${bare} ms`);
  await must("ip", ["netns", "exec", name, "iptables-nft", "-F", "OUTPUT"]);

  for (const command of ["ADD", "CHECK"]) {
    const within = folder.words(plugin.path, mounts);
    const took = await timed(async () => {
      const done = await sandbox.call(command, { within, env });
      assert.equal(done.code, 0, done.stdout);
    });
    // Whoever waits once waits as long as the bare rule does, whatever else the machine is busy with.
    assert.ok(took < bare, `${command} took ${took} ms, one bare rule ${bare} ms`);
  }
  // The variable reached iptables: it is not that hesiod was idle for want of it.
  assert.match(Deno.readTextFileSync(seen), new RegExp(`^${env.HESIOD_CONFIG}$`, "m"));
});

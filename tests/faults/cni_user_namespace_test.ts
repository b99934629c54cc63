import assert from "node:assert/strict";
import { errorOf, InstalledPlugin } from "../cni/plugin.ts";
import { must } from "../support/processes.ts";
import { requires } from "../support/requires.ts";
import { type FlowResult, Lab } from "../support/traffic/lab.ts";
import { CniSandbox, FIRST_UID, podObject } from "./cni_sandbox.ts";
import { MisbehavingApi } from "./misbehaving_api.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

const landed = (result: FlowResult) => result.listener ?? result.outcome;
const excluded = { "traffic.kuma.io/exclude-outbound-ports-for-uids": "tcp:9080:1234" };

for (const firewallBackend of ["iptables", "auto"] as const) {
  test(`${firewallBackend}: a pod with users of its own (hostUsers: false): ADD, CHECK, ADD again; its own UIDs count`, async (t) => {
    await using api = await MisbehavingApi.create(() => Response.json(podObject(excluded)));
    await using sandbox = await CniSandbox.create(plugin, { hostUsers: false, firewallBackend });
    sandbox.connect(api);
    const listed = async () =>
      await sandbox.rules() +
      await must("ip", ["netns", "exec", sandbox.name, "nft", "list", "ruleset"]);
    for (const command of ["ADD", "CHECK"]) {
      const done = await sandbox.call(command);
      assert.equal(done.code, 0, done.stdout);
    }
    const rules = await listed();
    if (firewallBackend === "iptables") {
      assert.equal(rules.match(/--uid-owner 1234 .*-j RETURN/g)?.length, 2);
    } else assert.match(rules, /tcp dport 9080 meta skuid 1234 counter packets 0 bytes 0 return/);
    assert.equal((await sandbox.call("ADD")).code, 0);
    assert.equal(await listed(), rules);

    using lab = new Lab();
    for (const family of ["ipv4", "ipv6"] as const) {
      lab.listen({ ns: sandbox.name, protocol: "tcp", family, port: 15001, label: "outbound" });
      const address = family === "ipv4" ? "10.62.0.9" : "fd62::9";
      // Nothing answers at that address: what is not redirected waits in vain.
      const as = (uid: number, port: number) =>
        landed(lab.send({
          ...{ ns: sandbox.name, uid, protocol: "tcp", patienceMs: 150, to: { address, port } },
        }));
      await t.step(`${family}: redirected but for the sidecar and the excluded user`, () => {
        assert.equal(as(FIRST_UID + 1000, 9080), "outbound");
        assert.equal(as(FIRST_UID + 1234, 9080), "silent");
        assert.equal(as(FIRST_UID + 1234, 9081), "outbound");
        assert.equal(as(FIRST_UID + 5678, 9080), "silent");
        // The node's own user 5678 is nobody in this pod.
        assert.equal(as(5678, 9080), "outbound");
      });
    }
  });
}

test("on a node without nsenter such a pod is refused by iptables with what to install; others are not, nor with nftables", async () => {
  await using api = await MisbehavingApi.create(() => Response.json(podObject()));
  await using owned = await CniSandbox.create(plugin, { hostUsers: false });
  await using usual = await CniSandbox.create(plugin);
  // Through netlink nobody has to enter the user namespace.
  await using netlink = await CniSandbox.create(plugin, {
    hostUsers: false,
    firewallBackend: "auto",
  });
  const nsenter = (await must("sh", ["-c", "command -v nsenter"])).trim();
  for (const sandbox of [owned, usual, netlink]) {
    sandbox.connect(api);
    const hide = `mount --bind /dev/null ${nsenter} && exec ${plugin.path}`;
    const done = await sandbox.call("ADD", { within: ["unshare", "--mount", "sh", "-c", hide] });
    if (sandbox !== owned) {
      assert.equal(done.code, 0, done.stdout);
      continue;
    }
    assert.equal(errorOf(done).code, 100);
    assert.match(errorOf(done).msg, /hostUsers: false.*install util-linux/);
    assert.doesNotMatch(await sandbox.rules(), /KUMA/);
  }
});

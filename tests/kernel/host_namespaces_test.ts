import assert from "node:assert/strict";
import { run } from "core/host/run.ts";
import { requires } from "tests/support/requires.ts";

const probe = new URL("./host_namespaces_probe.ts", import.meta.url).pathname;
const test = requires("root", "netns");

test(
  "a process that entered a netns and the mount sandbox sees both, and so do its children",
  async () => {
    const name = `kn-host-${Deno.pid}`;
    const before = Deno.readTextFileSync("/etc/nsswitch.conf");
    assert.equal((await run(["ip", "netns", "add", name])).code, 0);
    try {
      const result = await run([Deno.execPath(), "run", "-A", probe, `/run/netns/${name}`]);
      assert.equal(result.code, 0, result.stderr);
      const seen = JSON.parse(result.stdout);
      assert.equal(seen.self, seen.wanted);
      assert.equal(seen.child, `net:[${seen.wanted}]`);
      assert.equal(seen.loopback, "lo");
      assert.deepEqual(seen.sandbox, { ok: true });
      assert.equal(seen.childNsswitch, "");
      const sixes = seen.ipv6.filter((a: { hex: string }) => /^0{31}6$/.test(a.hex));
      assert.deepEqual(sixes.map((a: { prefixLength: number }) => a.prefixLength), [128]);
    } finally {
      await run(["ip", "netns", "delete", name]);
    }
    assert.equal(Deno.readTextFileSync("/etc/nsswitch.conf"), before, "the host sees no sandbox");
  },
);

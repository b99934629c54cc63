import assert from "node:assert/strict";
import { CniSandbox, podObject } from "../faults/cni_sandbox.ts";
import { MisbehavingApi } from "../faults/misbehaving_api.ts";
import { requires } from "../support/requires.ts";
import { must } from "../support/processes.ts";
import { BASE, type Chains, FAMILIES, TABLE } from "./annotations_table.ts";
import { InstalledPlugin } from "./plugin.ts";

const test = requires("root", "netns", "iptables-nft");
const plugin = InstalledPlugin.create();
Deno.test.afterAll(() => plugin[Symbol.dispose]());

/** Chains with rules, of a listing of iptables-save; comments and counters are left out. */
function chainsOf(text: string): Chains {
  const chains: Record<string, string[]> = {};
  let table = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("*")) table = line.slice(1);
    const [, chain, rule] = /^-A (\S+) (.*)$/.exec(line) ?? [];
    if (chain === undefined || rule === undefined) continue;
    const bare = rule.replace(/-m comment --comment "(?:[^"\\]|\\.)*" ?/, "").trim();
    (chains[`${table} ${chain}`] ??= []).push(bare);
  }
  return chains;
}

test("each annotation, in each spelling: the rules that it stands for are in the kernel, and no others", async (t) => {
  let annotations: Readonly<Record<string, string>> = {};
  await using api = await MisbehavingApi.create(() => {
    const object = podObject() as { metadata: Record<string, unknown> };
    object.metadata.annotations = { "kuma.io/sidecar-injected": "true", ...annotations };
    return Response.json(object);
  });
  for (const row of TABLE) {
    await t.step(JSON.stringify(row.annotations).slice(0, 100), async () => {
      annotations = row.annotations;
      await using sandbox = await CniSandbox.create(plugin);
      sandbox.connect(api);
      const done = await sandbox.call("ADD");
      assert.equal(done.code, 0, done.stdout);
      for (const words of FAMILIES) {
        const save = words.family === "ipv4" ? "iptables-save" : "ip6tables-save";
        const found = chainsOf(await must("ip", ["netns", "exec", sandbox.name, save]));
        const differing = row.rules(words);
        const wanted = differing === undefined ? {} : { ...BASE(words), ...differing };
        assert.deepEqual(found, wanted, words.family);
      }
    });
  }
});

test("a sidecar that runs as another user than the annotations say is exempted all the same", async () => {
  await using api = await MisbehavingApi.create(() => {
    const object = podObject() as { spec: { containers: Record<string, unknown>[] } };
    const sidecar = object.spec.containers.find(({ name }) => name === "kuma-sidecar") ?? {};
    sidecar.securityContext = { runAsUser: 1337 };
    return Response.json(object);
  });
  await using sandbox = await CniSandbox.create(plugin);
  sandbox.connect(api);
  for (const command of ["ADD", "CHECK"]) assert.equal((await sandbox.call(command)).code, 0);
  const users = [...(await sandbox.rules()).matchAll(/--uid-owner (\d+)/g)].map(([, uid]) => uid);
  assert.deepEqual([...new Set(users)], ["1337"]);
});

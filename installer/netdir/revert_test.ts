import assert from "node:assert/strict";
import { silentLogger } from "core/log/logger.ts";
import { corpus } from "tests/installer/conflists.ts";
import { bytesOf, byteText } from "core/conflist/byte_text.ts";

import { act, look } from "./look.ts";
import { revertAll } from "./revert.ts";
import { TestDir } from "../testing.ts";

const PLUGIN = { type: "kuma-cni", log_level: "info", log_socket: "/s" } as const;
const ENTRY = { plugin: PLUGIN, text: JSON.stringify(PLUGIN) };

Deno.test("every file of the corpus is chained and comes back byte for byte", () => {
  for (const { name, text } of corpus()) {
    using dir = new TestDir({ CNI_CONF_NAME: name });
    const path = `${dir.places.netDir}/${name}`;
    Deno.writeFileSync(path, bytesOf(text));
    Deno.chmodSync(path, 0o640);
    const { last, done } = act(dir.settings, dir.places, ENTRY);
    assert.equal(last.plan.action, "keep", name);
    assert.equal(done.length, 1);
    assert.equal(act(dir.settings, dir.places, ENTRY).done.length, 0, "it is written once only");
    assert.equal(revertAll(dir.places, silentLogger), true);
    assert.deepEqual(dir.names(), [name]);
    assert.equal(byteText(Deno.readFileSync(path)), text, name);
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o640);
  }
});

Deno.test("an entry that was changed by an upgrade leaves the first original behind", () => {
  using dir = new TestDir();
  const text = `{"name":"n", "cniVersion":"1.0.0", "plugins":[{"type":"a"} ] }`;
  dir.write("10-a.conflist", text);
  act(dir.settings, dir.places, ENTRY);
  const other = { ...ENTRY, plugin: { ...PLUGIN, log_level: "debug" } };
  assert.deepEqual(act(dir.settings, dir.places, other).done, ["edit"]);
  revertAll(dir.places, silentLogger);
  assert.equal(dir.read("10-a.conflist"), text);
});

Deno.test("what others changed since stays changed; only the entry goes", () => {
  using dir = new TestDir();
  dir.write("10-a.conflist", `{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"a"}]}`);
  act(dir.settings, dir.places, ENTRY);
  dir.write("10-a.conflist", dir.read("10-a.conflist").replace(`"a"`, `"b"`));
  revertAll(dir.places, silentLogger);
  assert.equal(
    dir.read("10-a.conflist"),
    `{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"b"}]}`,
  );
});

Deno.test("without a journal the entry goes all the same, also from files that Cilium set aside", () => {
  using dir = new TestDir();
  const text = `{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"a"}]}`;
  dir.write("10-a.conflist", text);
  act(dir.settings, dir.places, ENTRY);
  Deno.renameSync(
    `${dir.places.netDir}/10-a.conflist`,
    `${dir.places.netDir}/10-a.conflist.cilium_bak`,
  );
  Deno.removeSync(dir.places.journal);
  assert.equal(revertAll(dir.places, silentLogger), true);
  assert.equal(dir.read("10-a.conflist.cilium_bak"), text);
});

Deno.test("a converted file that others extended stays a list, without the entry", () => {
  using dir = new TestDir();
  dir.write("10-a.conf", `{"name":"n","cniVersion":"1.0.0","type":"a"}`);
  act(dir.settings, dir.places, ENTRY);
  const extended = JSON.parse(dir.read("10-a.conflist")) as { plugins: { type: string }[] };
  extended.plugins.push({ type: "istio-cni" });
  dir.write("10-a.conflist", JSON.stringify(extended));
  revertAll(dir.places, silentLogger);
  assert.deepEqual(dir.names(), ["10-a.conflist"]);
  const types = JSON.parse(dir.read("10-a.conflist")).plugins.map((one: { type: string }) =>
    one.type
  );
  assert.deepEqual(types, ["a", "istio-cni"]);
});

Deno.test("an entry of Kuma 2.9 is taken over, and goes in the end", () => {
  using dir = new TestDir();
  const old = `{
  "cniVersion": "0.3.1",
  "name": "n",
  "plugins": [
    {
      "type": "a"
    },
    {
      "kubernetes": {},
      "type": "kuma-cni"
    }
  ]
}`;
  dir.write("10-a.conflist", old);
  act(dir.settings, dir.places, ENTRY);
  assert.equal(look(dir.settings, dir.places, ENTRY).plan.action, "keep");
  revertAll(dir.places, silentLogger);
  assert.equal(
    dir.read("10-a.conflist"),
    old.replace(/,\n {4}\{\n {6}"kubernetes[^}]*\},[^}]*\}/, ""),
  );
});

Deno.test("a list that Kuma 2.9 left in a .conf becomes a .conflist, and stays one that runtimes can use", () => {
  using dir = new TestDir({ CNI_CONF_NAME: "05-cilium.conf" });
  const left =
    `{"cniVersion":"0.3.0","name":"k","plugins":[{"type":"cilium-cni"},{"type":"kuma-cni"}]}`;
  dir.write("05-cilium.conf", left);
  act(dir.settings, dir.places, ENTRY);
  assert.deepEqual(dir.names(), ["05-cilium.conflist"]);
  revertAll(dir.places, silentLogger);
  assert.deepEqual(dir.names(), ["05-cilium.conflist"]);
  assert.equal(dir.read("05-cilium.conflist"), left.replace(`,{"type":"kuma-cni"}`, ""));
});

Deno.test("revertAll with a file to keep clears the others only", () => {
  using dir = new TestDir();
  for (const name of ["10-a.conflist", "20-b.conflist"]) {
    dir.write(name, `{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"a"}]}`);
    act(dir.settings, dir.places, ENTRY);
    if (name === "10-a.conflist") {
      Deno.renameSync(`${dir.places.netDir}/${name}`, `${dir.places.netDir}/30-c.conflist`);
    }
  }
  revertAll(dir.places, silentLogger, "20-b.conflist");
  assert.match(dir.read("20-b.conflist"), /kuma-cni/);
  assert.doesNotMatch(dir.read("30-c.conflist"), /kuma-cni/);
});

import assert from "node:assert/strict";
import type { NetFile } from "./net_dir.ts";
import { OWN_FILE, planChain, planStandalone, resolveName } from "./plan.ts";

const ENTRY = { type: "kuma-cni", log_level: "info" } as const;
const LIST = `{"name":"n","cniVersion":"0.3.1","plugins":[{"type":"a"}]}`;
const OURS = `{"name":"n","cniVersion":"0.3.1","plugins":[{"type":"a"},${JSON.stringify(ENTRY)}]}`;
const SINGLE = `{"name":"n","cniVersion":"0.3.1","type":"a"}`;

function file(name: string, text: string): NetFile {
  return { name, bytes: new TextEncoder().encode(text), snapshot: undefined };
}

function plan(
  files: NetFile[],
  { confName = "", method = "edit" as "edit" | "drop-in", made = [] as string[], follow = false } =
    {},
): string {
  const result = planChain({ files, confName, entry: ENTRY, method, made: new Set(made), follow });
  switch (result.action) {
    case "convert":
      return `convert ${result.from} to ${result.file}`;
    case "wait":
      return `wait: ${result.reason}`;
    default:
      return `${result.action} ${result.file}`;
  }
}

Deno.test("the file that the runtime uses is extended, once", () => {
  assert.equal(
    plan([file("20-b.conflist", LIST), file("10-a.conflist", LIST)]),
    "edit 10-a.conflist",
  );
  assert.equal(plan([file("10-a.conflist", OURS)]), "keep 10-a.conflist");
  assert.equal(
    plan([file("10-a.conflist", OURS), file("05-new.conflist", LIST)]),
    "edit 05-new.conflist",
  );
});

Deno.test("a single plugin is converted; a foreign list of the same name is not overwritten", () => {
  assert.equal(plan([file("10-a.conf", SINGLE)]), "convert 10-a.conf to 10-a.conflist");
  assert.equal(plan([file("10-a.json", SINGLE)]), "convert 10-a.json to 10-a.conflist");
  const both = [file("10-a.conf", SINGLE), file("10-a.conflist", LIST)];
  assert.equal(plan(both), "convert 10-a.conf to 10-a-kuma-cni.conflist");
  assert.equal(plan(both, { made: ["10-a.conflist"] }), "convert 10-a.conf to 10-a.conflist");
  const again = [file("10-a.conf", SINGLE), file("10-a.conflist", OURS)];
  assert.equal(plan(again), "convert 10-a.conf to 10-a.conflist");
});

Deno.test("a list that Kuma 2.9 left in a .conf gets its right name", () => {
  const left = [file("05-cilium.conf", OURS)];
  assert.equal(
    plan(left, { confName: "05-cilium.conf" }),
    "convert 05-cilium.conf to 05-cilium.conflist",
  );
});

Deno.test("a forced name is followed through its conversion, and waited for", () => {
  const files = [file("10-a.conflist", LIST)];
  assert.equal(resolveName("10-a.conf", files), "10-a.conflist");
  assert.equal(resolveName("10-b.conf", files), undefined);
  assert.equal(plan(files, { confName: "10-a.conf" }), "edit 10-a.conflist");
  assert.equal(
    plan(files, { confName: "20-x.conflist" }),
    `wait: "20-x.conflist" is not there; the runtime uses "10-a.conflist"`,
  );
  assert.equal(plan([], { confName: "20-x.conflist" }), `wait: "20-x.conflist" is not there`);
  assert.equal(plan(files, { confName: "20-x.conflist", follow: true }), "edit 10-a.conflist");
  const odd = { confName: "config" };
  assert.match(plan([file("config", SINGLE)], odd), /none of a CNI config's extensions/);
  const single = [file("10-a.conf", SINGLE)];
  assert.equal(plan(single, { confName: "10-a.conflist" }), "convert 10-a.conf to 10-a.conflist");
});

Deno.test("what is no config is waited for, with a reason", () => {
  assert.equal(plan([]), "wait: there is no CNI config file");
  assert.match(
    plan([file("a.conflist", "{")]),
    /wait: no CNI config file is valid \("a.conflist": it/,
  );
  assert.match(
    plan([file("a.conflist", "{")], { confName: "a.conflist" }),
    /wait: "a.conflist": Cannot/,
  );
  assert.match(plan([file("a.conf", `{"type":"kuma-cni"}`)]), /wait: /);
});

Deno.test("a drop-in is named by the network, if that can be a directory's name", () => {
  const method = "drop-in" as const;
  assert.equal(plan([file("a.conflist", LIST)], { method }), "own n/zzz-kuma-cni.conf");
  const evil = LIST.replace(`"n"`, `"../../etc"`);
  assert.match(plan([file("a.conflist", evil)], { method }), /wait: .*names its network/);
  const inlined = LIST.replace("{", `{"loadOnlyInlinedPlugins": true,`);
  assert.match(plan([file("a.conflist", inlined)], { method }), /drop-ins are not read/);
});

Deno.test("standalone has a file of its own and never takes another's", () => {
  const action = (files: NetFile[], name = "", made: string[] = []) => {
    const result = planStandalone(files, name, "text", new Set(made));
    return "file" in result ? `${result.action} ${result.file}` : result.action;
  };
  assert.equal(action([file("10-a.conf", SINGLE)]), `own ${OWN_FILE}`);
  assert.equal(action([file("10-a.conf", SINGLE)], "10-a.conf"), "wait");
  assert.equal(action([file("10-a.conflist", LIST)], "10-a.conflist"), "wait");
  assert.equal(action([file("k.conf", `{"type":"kuma-cni"}`)], "k.conf"), "own k.conf");
  assert.equal(action([file("k.conf", "")], "k.conf"), "own k.conf");
  assert.equal(action([file("k.conf", SINGLE)], "k.conf", ["k.conf"]), "own k.conf");
});

Deno.test("a list with the wrong name is taken where the runtime can use nothing else", () => {
  const left = file("10-a.conf", OURS), json = file("05-b.json", LIST);
  assert.equal(plan([left]), "convert 10-a.conf to 10-a.conflist");
  assert.equal(plan([left, json]), "convert 05-b.json to 05-b.conflist");
  assert.equal(plan([left, file("20-c.conflist", LIST)]), "edit 20-c.conflist");
  assert.match(plan([file("10-a.conf", `{"plugins":[]}`)]), /^wait: .*no "type"/);
});

Deno.test("a file that cannot be read says why", () => {
  const large: NetFile = {
    name: "10-a.conflist",
    bytes: undefined,
    snapshot: undefined,
    unreadable: "it has more than 1048576 bytes",
  };
  assert.equal(
    plan([large]),
    'wait: no CNI config file is valid ("10-a.conflist": it has more than 1048576 bytes)',
  );
  assert.equal(
    plan([large], { confName: large.name }),
    'wait: "10-a.conflist": it has more than 1048576 bytes',
  );
});

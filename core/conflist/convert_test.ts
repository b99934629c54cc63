import assert from "node:assert/strict";
import { bytesOf, byteText } from "./byte_text.ts";
import { judge } from "./choose.ts";
import { convertToList, listName } from "./convert.ts";
import { corpus, ENTRY } from "tests/installer/conflists.ts";

for (const { name, text } of corpus().filter((file) => !file.name.endsWith(".conflist"))) {
  Deno.test(`${name}: its bytes stand whole in the list that it becomes`, () => {
    const list = convertToList(text, ENTRY);
    assert.ok(list.includes(text.trim()));
    const own = JSON.parse(text) as { name: string; type: string; cniVersion: string };
    const verdict = judge({ name: listName(name), bytes: bytesOf(list) });
    assert.deepEqual(verdict, {
      valid: true,
      name: listName(name),
      kind: "list",
      network: own.name,
      cniVersion: own.cniVersion,
      types: [own.type, "kuma-cni"],
    });
  });
}

Deno.test("a plugin without name or with a version before chains gets Kuma's", () => {
  const head = (text: string) => {
    const { cniVersion, name } = JSON.parse(convertToList(text, ENTRY));
    return { cniVersion, name };
  };
  const defaults = { cniVersion: "0.3.0", name: "k8s-pod-network" };
  assert.deepEqual(head(`{"type":"x"}`), defaults);
  assert.deepEqual(head(`{"type":"x","cniVersion":"0.2.0","name":""}`), defaults);
  assert.deepEqual(head(`{"type":"x","cniVersion":"1.1.0"}`), { ...defaults, cniVersion: "1.1.0" });
});

Deno.test("comments after the object do not end up inside the list; other scripts survive", () => {
  const text = byteText(new TextEncoder().encode(`\ufeff// a\n{"type":"x","name":"ü"} // b`));
  const list = new TextDecoder().decode(bytesOf(convertToList(text, ENTRY)));
  assert.deepEqual(JSON.parse(list).name, "ü");
});

Deno.test("a list or a text without type is refused", () => {
  assert.throws(() => convertToList(`{"plugins":[]}`, ENTRY), { code: "KUMA-INS-003" });
  assert.throws(() => convertToList(`[]`, ENTRY), { code: "KUMA-INS-001" });
});

Deno.test("listName changes the extension alone", () => {
  assert.equal(listName("10-a.conf"), "10-a.conflist");
  assert.equal(listName("10-a.json"), "10-a.conflist");
  assert.equal(listName("10-a.conf.conflist"), "10-a.conf.conflist");
});

import assert from "node:assert/strict";
import { bytesOf } from "./byte_text.ts";
import { chooseConfig, compareNames, isConfigName, judge } from "./choose.ts";
import { corpus } from "tests/installer/conflists.ts";

const file = (name: string, text: string) => ({ name, bytes: new TextEncoder().encode(text) });
const LIST = `{"name":"n","cniVersion":"0.3.1","plugins":[{"type":"a"},{"type":"b"}]}`;
const SINGLE = `{"name":"s","cniVersion":"0.3.1","type":"a"}`;

Deno.test("extensions are sorted together by name, and the first valid file wins", () => {
  const choose = (...files: { name: string; bytes: Uint8Array }[]) =>
    chooseConfig(files).winner?.name;
  assert.equal(choose(file("20-b.conf", SINGLE), file("10-a.conflist", LIST)), "10-a.conflist");
  assert.equal(choose(file("10-a.conflist", LIST), file("10-a.conf", SINGLE)), "10-a.conf");
  assert.equal(choose(file("10-a.json", SINGLE), file("10-a.conflist", LIST)), "10-a.conflist");
  assert.equal(choose(file("1.conflist", "{"), file("2.conflist", LIST)), "2.conflist");
  assert.equal(choose(file("0.txt", LIST), file(".conflist.swp", LIST)), undefined);
  assert.equal(
    choose(file("Z.conf", SINGLE), file("a.conf", SINGLE), file(".b.conf", SINGLE)),
    ".b.conf",
  );
});

Deno.test("names are compared by bytes, as Go does", () => {
  // U+1F600 is above U+FF5E in bytes, below it in UTF-16 units.
  assert.ok(compareNames("\u{1f600}", "\uff5e") > 0);
  assert.ok(compareNames("a", "ab") < 0 && compareNames("10-a.conf", "10-a.conflist") < 0);
});

Deno.test("isConfigName looks at the last extension", () => {
  assert.ok(isConfigName("a.conf") && isConfigName("a.json") && isConfigName("a.b.conflist"));
  assert.ok(
    !isConfigName("a.conflist.cilium_bak") && !isConfigName("conf") && !isConfigName("a.CONF"),
  );
});

Deno.test("what a runtime refuses is refused, with a reason", () => {
  const reason = (name: string, text: string) => {
    const verdict = judge(file(name, text));
    return verdict.valid ? "valid" : verdict.reason;
  };
  assert.equal(reason("a.conflist", ""), "it is empty");
  assert.equal(reason("a.conflist", "// c\n" + LIST), "it is not strict JSON");
  assert.equal(reason("a.conflist", "\ufeff" + LIST), "it is not strict JSON");
  assert.equal(reason("a.conflist", "[]"), "it is not a JSON object");
  assert.equal(reason("a.conflist", SINGLE), `it has no array "plugins"`);
  assert.equal(reason("a.conflist", `{"plugins":[{"type":"a"}]}`), `it has no "name"`);
  assert.equal(reason("a.conflist", `{"name":"n","plugins":[]}`), `its "plugins" is empty`);
  assert.equal(reason("a.conflist", `{"name":"n","plugins":[{}]}`), `a plugin in it has no "type"`);
  assert.equal(reason("a.conflist", `{"name":1,"plugins":[]}`), `its "name" is not a string`);
  assert.match(reason("a.conf", LIST), /has no "type", and a list must be a .conflist/);
  assert.equal(reason("a.json", SINGLE), "valid");
  assert.deepEqual(judge({ name: "a.conf", bytes: undefined }), {
    valid: false,
    name: "a.conf",
    reason: "it cannot be read",
  });
});

Deno.test("of the corpus, just the files that libcni refuses are refused", () => {
  const refused = corpus().filter(({ name, text }) => !judge({ name, bytes: bytesOf(text) }).valid);
  assert.deepEqual(refused.map(({ name }) => name), [
    "20-comments.conflist",
    "21-bom.conflist",
    "28-empty-list.conflist",
  ]);
});

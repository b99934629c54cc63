import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonObject } from "core/patch/json.ts";
import { runs } from "tests/support/property.ts";
import { assign, parseSet } from "./set_grammar.ts";

const set = (line: string, onto: JsonObject = {}) => {
  const tree = structuredClone(onto);
  assign(tree, parseSet(line));
  return tree;
};

/** What Helm 3.18.5 was seen to make of them. */
const READ: [string, JsonObject, JsonObject?][] = [
  ["a.b.c=1", { a: { b: { c: 1 } } }],
  ["a=b=c", { a: "b=c" }],
  ["a=b\\,c", { a: "b,c" }],
  ["a\\.b=1", { "a.b": 1 }],
  ["n.kubernetes\\.io/os=linux", { n: { "kubernetes.io/os": "linux" } }],
  ['n."kubernetes\\.io/os"=linux', { n: { '"kubernetes.io/os"': "linux" } }],
  ["a={x,y},b=1", { a: ["x", "y"], b: 1 }],
  ["a={1,true,null}", { a: [1, true, null] }],
  ["a={x, y}", { a: ["x", " y"] }],
  ["a={}", { a: [""] }],
  ['a={"x":1}', { a: ['"x":1'] }],
  ["a=", { a: "" }],
  ["a=,b=1", { a: "", b: 1 }],
  ["a=null", { a: null }],
  ["a=TRUE,b=False,c=0", { a: true, b: false, c: 0 }],
  ["a=+5,b=-5,c=01", { a: 5, b: -5, c: "01" }],
  ["a=1.5,b=1e3,c=0x10,d=yes,e=~,f=true ", {
    ...{ a: "1.5", b: "1e3", c: "0x10", d: "yes", e: "~", f: "true " },
  }],
  ["a[1]=x", { a: [null, "x"] }],
  ["a[0].b=1,a[0].c=2", { a: [{ b: 1, c: 2 }] }],
  ["a[0][1]=x", { a: [[null, "x"]] }],
  ["l[3]=z", { l: ["a", "b", null, "z"] }, { l: ["a", "b"] }],
  ["l={q}", { l: ["q"] }, { l: ["a", "b"] }],
  ["a[0]", { a: [] }],
  ["=1", {}],
  [".a=1", {}],
  ["a=1,", { a: 1 }],
  ["a=x\\", { a: "x" }],
];

for (const [line, tree, onto] of READ) {
  Deno.test(`--set ${line}`, () => assert.deepEqual(set(line, onto), tree));
}

const REFUSED: [string, RegExp, JsonObject?][] = [
  ["a=[1,2]", /"2]" has no value/],
  ["K=1,2", /"2" has no value/],
  ["a", /has no value/],
  ["a,b=1", /has no value/],
  ["a={x", /must be closed/],
  ["a[x]=1", /is no index/],
  ["a[-1]=1", /-1 is not from 0/],
  ["a[65537]=1", /65537 is not from 0/],
  ["a[0]x=1", /stands behind an index/],
  ["a.=1", /ends with a dot/],
  ["a..b=1", /part of the key is empty/],
  ["a=1,a.b=2", /a is not a map/],
  ["a=null,a.b=1", /a is not a map/],
  ["a=1,a[0]=2", /a is not a list/],
  ["cni=true,cni.enabled=true", /cni is not a map/, { cni: { enabled: false } }],
  [`${"a.".repeat(31)}b=1`, /more than 30 dots/],
];

for (const [line, message, onto] of REFUSED) {
  Deno.test(`--set ${line.slice(0, 40)} is refused`, () => {
    assert.throws(() => set(line, onto), { code: "KUMA-CP-001", message });
  });
}

Deno.test("a text comes back through --set when what means something is escaped", () => {
  const word = fc.string({ minLength: 1 }).filter((text) =>
    !/^(true|false|null|0|[+-]?[1-9]\d*|[+-]0+\d*)$/i.test(text)
  );
  const escape = (text: string) => text.replace(/[\\,=.[\]{}]/g, "\\$&");
  fc.assert(
    fc.property(word, word, (key, value) => {
      assert.deepEqual(Object.entries(set(`${escape(key)}=${escape(value)}`)), [[key, value]]);
    }),
    runs(1000),
  );
});

Deno.test("a key of the prototype is a key as any other", () => {
  set("__proto__.polluted=1");
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

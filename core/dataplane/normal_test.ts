import assert from "node:assert/strict";
import type { Json, JsonObject } from "core/patch/json.ts";
import { normalForm, sortedJson } from "./normal.ts";
import { DATAPLANE_SPEC } from "./shape.ts";

const form = (spec: Json) => normalForm(spec, DATAPLANE_SPEC);
const networking = (fields: JsonObject) => form({ networking: fields });

Deno.test("zero values, unknown fields and nulls say nothing, empty objects do", () => {
  assert.deepEqual(
    form({
      unknown: 1,
      metrics: null,
      networking: {
        address: "",
        inbound: [{ port: 0, state: "Ready", name: "", health: { ready: false }, more: {} }],
        outbound: [],
        gateway: { type: "DELEGATED", tags: {} },
        transparentProxying: { reachableBackends: { refs: [] }, ipFamilyMode: 0 },
      },
    }),
    {
      networking: {
        inbound: [{ health: {} }],
        gateway: {},
        transparentProxying: { reachableBackends: {} },
      },
    },
  );
});

Deno.test("words are their numbers, and numbers their texts", () => {
  assert.deepEqual(
    networking({ inbound: [{ port: "8080", state: 1 }], gateway: { type: 1 } }),
    networking({ inbound: [{ port: 8080, state: "NotReady" }], gateway: { type: "BUILTIN" } }),
  );
  assert.deepEqual(
    networking({ transparentProxying: { ipFamilyMode: 2 } }),
    networking({ transparentProxying: { ipFamilyMode: "IPv4" } }),
  );
});

Deno.test("aggregated metrics are a set, and their false says something", () => {
  const conf = (aggregate: JsonObject[]) => form({ metrics: { conf: { aggregate } } });
  const a = { name: "a", enabled: false }, b = { name: "b", port: 80, enabled: true };
  assert.deepEqual(conf([b, a]), conf([a, b]));
  assert.notDeepEqual(conf([a]), conf([{ name: "a" }]));
});

Deno.test("the order of inbounds and what is shaped otherwise count", () => {
  const a = { port: 1 }, b = { port: 2 };
  assert.notDeepEqual(networking({ inbound: [a, b] }), networking({ inbound: [b, a] }));
  assert.deepEqual(networking({ inbound: "x" }), { networking: { inbound: "x" } });
  assert.deepEqual(networking({ inbound: [1] }), { networking: { inbound: [1] } });
});

Deno.test("sorted JSON is the same for all orders of keys", () => {
  const one = { b: [{ d: 1, c: { f: null, e: "x" } }], a: 2 };
  const other = { a: 2, b: [{ c: { e: "x", f: null }, d: 1 }] };
  assert.equal(sortedJson(one), '{"a":2,"b":[{"c":{"e":"x","f":null},"d":1}]}');
  assert.equal(sortedJson(other), sortedJson(one));
});

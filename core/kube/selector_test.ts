import assert from "node:assert/strict";
import { whyUnselected } from "./selector.ts";

Deno.test("a selector chooses by all of its conditions, and names one that is not fulfilled", () => {
  const selector = {
    matchLabels: { app: "web" },
    matchExpressions: [
      { key: "tier", operator: "In", values: ["a", "b"] },
      { key: "zone", operator: "NotIn", values: ["x"] },
      { key: "here", operator: "Exists" },
      { key: "gone", operator: "DoesNotExist" },
    ],
  };
  const fits = { app: "web", tier: "b", here: "" };
  assert.equal(whyUnselected(selector, fits), undefined);
  assert.equal(whyUnselected(selector, { ...fits, app: "x" }), "app is web");
  assert.equal(whyUnselected(selector, { ...fits, tier: "c" }), "tier is one of a, b");
  assert.equal(whyUnselected(selector, { ...fits, zone: "x" }), "zone is none of x");
  assert.equal(whyUnselected(selector, { app: "web", tier: "a" }), "here is there");
  assert.equal(whyUnselected(selector, { ...fits, gone: "" }), "gone is not there");
});

Deno.test("a name of every object's prototype is no label, and nothing chooses everything", () => {
  assert.equal(whyUnselected({ matchLabels: { constructor: "x" } }, {}), "constructor is x");
  const exists = { matchExpressions: [{ key: "toString", operator: "Exists" }] };
  assert.equal(whyUnselected(exists, {}), "toString is there");
  for (const nothing of [undefined, null, {}]) assert.equal(whyUnselected(nothing, {}), undefined);
});

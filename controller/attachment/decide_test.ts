import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import type { JsonObject } from "core/patch/json.ts";
import { attachmentFor, decideAttachment, viewAttachment, viewNamespace } from "./decide.ts";

const OURS = viewAttachment(attachmentFor("shop"));
const EDITED = viewAttachment({ ...attachmentFor("shop"), spec: { config: "{}" } });
const KUMAS = viewAttachment({ metadata: { name: "kuma-cni" }, spec: { config: "" } });
const FOREIGN = viewAttachment({ metadata: { name: "kuma-cni" }, spec: { config: "{}" } });
const namespace = (injection?: string, terminating = false) => ({ injection, terminating });

const TABLE = [
  ["a namespace that is gone", undefined, OURS, "none"],
  ["a terminating one", namespace("enabled", true), undefined, "none"],
  ["enabled, without", namespace("enabled"), undefined, "create"],
  [
    "disabled, without: pods outside of a mesh need it too",
    namespace("disabled"),
    undefined,
    "create",
  ],
  ["enabled, with ours", namespace("enabled"), OURS, "none"],
  ["enabled, with what Kuma made", namespace("true"), KUMAS, "none"],
  ["enabled, ours was edited", namespace("yes"), EDITED, "repair"],
  ["enabled, somebody else's", namespace("enabled"), FOREIGN, "foreign"],
  ["no label, without", namespace(), undefined, "none"],
  ["no label, ours", namespace(), OURS, "delete"],
  ["no label, ours and edited", namespace(), EDITED, "delete"],
  ["no label, what Kuma made", namespace(), KUMAS, "delete"],
  ["no label, somebody else's", namespace(), FOREIGN, "foreign"],
] as const;

for (const [name, space, attachment, step] of TABLE) {
  Deno.test(`attachment: ${name}`, () => {
    assert.equal(decideAttachment("shop", space, attachment), step);
  });
}

Deno.test("a label that is no switch is an error that names the namespace", () => {
  assert.throws(
    () => decideAttachment("shop", namespace("maybe"), OURS),
    (thrown) =>
      thrown instanceof KumaError && thrown.code === "KUMA-CTL-006" && /shop/.test(thrown.message),
  );
});

Deno.test("views of namespaces and attachments", () => {
  const object: JsonObject = {
    metadata: { labels: { "kuma.io/sidecar-injection": "enabled" } },
    status: { phase: "Active" },
  };
  assert.deepEqual(viewNamespace(object), { injection: "enabled", terminating: false });
  assert.deepEqual(viewNamespace({ status: { phase: "Terminating" } }), {
    injection: undefined,
    terminating: true,
  });
  assert.equal(viewAttachment({ metadata: { name: "other" } }), undefined);
});

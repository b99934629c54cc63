import assert from "node:assert/strict";
import { mutatingConfiguration } from "core/manifests/webhook/configurations.ts";
import { evaluate, NO_SCOPE } from "core/manifests/template/evaluate.ts";
import type { JsonObject } from "core/patch/json.ts";
import { isCalled } from "./called.ts";

const INSTALLED = evaluate(
  mutatingConfiguration({
    client: (path) => ({ service: { name: "kuma-webhook", namespace: "kuma-system", path } }),
    failurePolicy: "Fail",
    mode: "zone",
    ownNamespace: "kuma-system",
  }),
  NO_SCOPE,
) as JsonObject;
const NAME = "kubernetes.io/metadata.name";
const LABEL = "kuma.io/sidecar-injection";

Deno.test("the installed configuration asks by the label of either, and outside of the system's namespaces", () => {
  const cases: [namespace: Record<string, string>, pod: Record<string, string>, boolean][] = [
    [{ [NAME]: "shop", [LABEL]: "enabled" }, {}, true],
    [{ [NAME]: "shop", [LABEL]: "true" }, {}, true],
    [{ [NAME]: "shop" }, { [LABEL]: "enabled" }, true],
    // The decision would be yes, and nobody asks for it.
    [{ [NAME]: "shop" }, { [LABEL]: "true" }, false],
    [{ [NAME]: "shop", [LABEL]: "yes" }, {}, false],
    [{ [NAME]: "shop" }, {}, false],
    [{ [NAME]: "kube-system", [LABEL]: "enabled" }, { [LABEL]: "enabled" }, false],
    [{ [NAME]: "kuma-system", [LABEL]: "enabled" }, { [LABEL]: "enabled" }, false],
  ];
  for (const [namespace, pod, called] of cases) {
    assert.equal(
      isCalled(INSTALLED, namespace, pod).called,
      called,
      JSON.stringify([namespace, pod]),
    );
  }
});

Deno.test("what is missing is named", () => {
  const { reason } = isCalled(INSTALLED, { [NAME]: "shop" }, {});
  assert.equal(
    reason,
    "namespace-kuma-injector.kuma.io asks only where the namespace's label kuma.io/sidecar-injection is one of " +
      "enabled, true; pods-kuma-injector.kuma.io asks only where the pod's label kuma.io/sidecar-injection is enabled",
  );
  assert.match(isCalled({ webhooks: [] }, {}, {}).reason, /neither namespace-.* nor pods-/);
});

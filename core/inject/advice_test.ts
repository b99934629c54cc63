import assert from "node:assert/strict";
import type { JsonObject } from "core/patch/json.ts";
import { settingsOf } from "../../webhook/admission/testing.ts";
import { advice } from "./advice.ts";
import { viewPod } from "./pod.ts";

const MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Whether it is said that the sidecar gets no token. */
function saysNoToken(spec: JsonObject, annotations = {}, mounts: JsonObject[] = []): boolean {
  const containers = [{ name: "app", image: "i", volumeMounts: mounts }];
  const pod = viewPod({ metadata: { annotations }, spec: { containers, ...spec } }, "shop");
  return advice(pod, settingsOf({})).some((line) =>
    line.includes("gets no service-account token") &&
    line.includes("kuma.io/service-account-token-volume")
  );
}

Deno.test("a sidecar without a token is told of, whoever keeps it from the pod", () => {
  assert.ok(saysNoToken({ automountServiceAccountToken: false }));
  // The API server was here, and mounted none: the service account forbids it.
  assert.ok(saysNoToken({ serviceAccountName: "quiet", serviceAccount: "quiet" }));
});

Deno.test("a sidecar that has a token, or will have one, is not", () => {
  assert.ok(!saysNoToken({}), "a file that no API server has seen");
  assert.ok(!saysNoToken({ serviceAccountName: "web" }));
  const mounts = [{ name: "kube-api-access-x", mountPath: MOUNT }];
  assert.ok(!saysNoToken({ serviceAccount: "web" }, {}, mounts));
  assert.ok(!saysNoToken({ automountServiceAccountToken: false }, {}, mounts));
  const own = { "kuma.io/service-account-token-volume": "token" };
  assert.ok(!saysNoToken({ automountServiceAccountToken: false }, own));
});

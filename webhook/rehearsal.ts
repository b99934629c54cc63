/**
 * Injections of a pod that does not exist, before the first real one: they compile the Container schema
 * and let the runtime see the code that requests run through. Measured: the first request takes 60 ms
 * without and a few with them. Nothing of it leaves the process, is counted or logged.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import { silentLogger } from "core/log/logger.ts";
import type { JsonObject } from "core/patch/json.ts";
import { delay } from "core/time/clock.ts";
import { injectSidecar } from "./admission/inject_sidecar.ts";
import { readReview, reviewOf } from "./admission/review.ts";
import type { InjectionContext } from "core/inject/context.ts";

/** More make the first requests no faster. */
const TIMES = 5;

const REVIEW = JSON.stringify({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "rehearsal",
    kind: { group: "", version: "v1", kind: "Pod" },
    operation: "CREATE",
    namespace: "rehearsal",
    object: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "rehearsal",
        annotations: { "kuma.io/container-patches": "rehearsal" },
      },
      spec: {
        containers: [{
          name: "app",
          image: "app",
          livenessProbe: { httpGet: { path: "/", port: 8080 } },
        }],
      },
    },
  },
});

const PATCH: JsonObject = {
  spec: {
    sidecarPatch: [{ op: "add", path: "/env/-", value: '{"name": "A", "value": "b"}' }],
    initPatch: [{ op: "add", path: "/securityContext/privileged", value: "false" }],
  },
};

/** Injects with these settings and this schema, into a cluster that has all that is asked for. */
export async function rehearse(context: InjectionContext): Promise<void> {
  const cluster = {
    namespace: () => ({ labels: { [LABELS.sidecarInjection]: "enabled" }, annotations: {} }),
    hasMesh: () => true,
    containerPatch: () => PATCH,
    configMap: () => undefined,
  };
  for (let n = 0; n < TIMES; n++) {
    const verdict = await injectSidecar(readReview(REVIEW), { ...context, cluster }, silentLogger);
    reviewOf("rehearsal", verdict);
    // Probes are answered in between.
    await delay(0);
  }
}

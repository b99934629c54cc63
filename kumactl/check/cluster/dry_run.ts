/**
 * A pod that is created as a dry run: the API server goes the whole way, injector included, and stores nothing.
 *
 * @module
 */
import { failed, ok, type Outcome, unknown, warning } from "core/check/outcome.ts";
import type { KubeClient } from "core/cluster/client.ts";
import { KumaError } from "core/errors.ts";
import { CONTAINERS, LABELS } from "core/kube/annotations.ts";
import { ApiError } from "core/kube/api_error.ts";
import { isObject, type Json, objectsIn } from "core/patch/json.ts";

/** It fits the Pod Security level `restricted`, and needs neither a token nor an image. */
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { generateName: "kumactl-check-", labels: { [LABELS.sidecarInjection]: "enabled" } },
  spec: {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [{
      name: "check",
      image: "kumactl-check:dry-run",
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    }],
  },
};

/** Tries it in a namespace. */
export async function tryPod(client: KubeClient, namespace: string): Promise<Outcome> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?dryRun=All`;
  try {
    const made = await client.json(path, { method: "POST", body: POD });
    if (!isObject(made) || !isObject(made.spec)) {
      return unknown(`the answer to a pod of namespace ${namespace} (dry run) is no pod`);
    }
    if (hasSidecar(made)) return ok(`tried as a dry run in namespace ${namespace}`);
    return failed(
      `a pod of namespace ${namespace} (dry run) got no sidecar: the injector is not asked, or is not reached and the ` +
        "failure policy is Ignore",
    );
  } catch (thrown) {
    return judge(thrown, namespace);
  }
}

/** The API server's own words tell who refused. */
function judge(thrown: unknown, namespace: string): Outcome {
  if (!(thrown instanceof ApiError)) {
    if (thrown instanceof KumaError) throw thrown;
    return unknown(`no answer within half a minute: ${String(thrown)}`);
  }
  const words = thrown.message.replace(/^POST \S+: \d+ ?/, "");
  if (/failed calling webhook/.test(words)) {
    return failed(words.replace(/^Internal error occurred: /, ""));
  }
  if (/^admission webhook /.test(words)) {
    return warning(
      `the injector answers, and refuses a plain pod of namespace ${namespace}: ${words}`,
    );
  }
  // Both look at the pod after the webhooks.
  if (/violates PodSecurity|exceeded quota/.test(words)) return ok("the injector answers");
  return unknown(words, { lasting: thrown.status === 403 });
}

function hasSidecar(pod: Json): boolean {
  const { containers, initContainers } = isObject(pod) && isObject(pod.spec) ? pod.spec : {};
  return [...objectsIn(containers), ...objectsIn(initContainers)]
    .some(({ name }) => name === CONTAINERS.sidecar);
}

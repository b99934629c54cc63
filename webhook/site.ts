/**
 * The paths of the webhook, and the numbers it counts beside the server's own.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import { WEBHOOK_METRICS } from "core/metrics/webhook_metrics.ts";
import type { Json } from "core/patch/json.ts";
import { injectSidecar } from "./admission/inject_sidecar.ts";
import { defaultResource } from "./admission/default_resource.ts";
import { referToMesh } from "./admission/owner_reference.ts";
import { type AdmissionDecision, type AdmissionRequest, notReady } from "./admission/review.ts";
import { validateResource } from "./admission/validate_resource.ts";
import { validateSecret } from "./admission/validate_secret.ts";
import { validateService } from "./admission/validate_service.ts";
import type { InformerStatus } from "core/cluster/informer_options.ts";
import { explainPod } from "core/inject/explain/explain.ts";
import type { InjectionContext } from "core/inject/context.ts";
import type { Meshes } from "./resources/mesh.ts";
import type { Handlers, Pages } from "./server/respond.ts";

/** What the paths are answered from. */
export interface SiteOptions {
  /** Asked for every request. */
  readonly context: () => InjectionContext;
  readonly meshes: Meshes;
  /** What was not seen of the cluster yet; empty when ready. */
  readonly waitingFor: () => readonly string[];
  readonly log: Logger;
}

/** The webhooks, as the API server calls them. */
export function webhookHandlers({ context, meshes, waitingFor, log }: SiteOptions): Handlers {
  /** Without the cluster's objects every pod would seem to be in an unknown namespace. */
  const ready =
    (handler: (request: AdmissionRequest) => AdmissionDecision | Promise<AdmissionDecision>) =>
    (request: AdmissionRequest) => {
      const missing = waitingFor();
      return missing.length === 0 ? handler(request) : notReady(missing);
    };
  return {
    "/inject-sidecar": ready((request) => injectSidecar(request, context(), log)),
    // These wait for no more than each needs: a Mesh has to be created before anything is complete.
    "/default-kuma-io-v1alpha1-mesh": (request) => defaultResource(request, context().settings),
    "/owner-reference-kuma-io-v1alpha1": (request) =>
      referToMesh(request, context().settings, meshes),
    "/validate-kuma-io-v1alpha1": (request) => {
      const { settings, schema } = context();
      return validateResource(request, { settings, schema, meshes });
    },
    "/validate-v1-service": validateService,
    "/validate-v1-secret": (request) => validateSecret(request, context().settings, meshes),
  };
}

/** The dry run: `POST /explain?namespace=NAME` with a pod as JSON; nothing is created. */
export function webhookPages({ context }: SiteOptions): Pages {
  return {
    "/explain": (body, query) => explainPod(parsed(body), query.get("namespace") ?? "", context()),
  };
}

function parsed(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch {
    throw new KumaError("KUMA-WH-020", "The body is not JSON");
  }
}

/** The set, with the informers looked at for each page. */
export function webhookMetrics(
  informers: readonly InformerStatus[],
): MetricSet<typeof WEBHOOK_METRICS> {
  const metrics = new MetricSet(WEBHOOK_METRICS);
  metrics.onPage(() => {
    for (const { name: kind, synced, size, restarts } of informers) {
      metrics.set("kuma_webhook_informer_synced", +synced, { kind });
      metrics.set("kuma_webhook_informer_objects", size, { kind });
      for (const [cause, count] of restarts) {
        metrics.set("kuma_webhook_informer_restarts_total", count, { kind, cause });
      }
    }
  });
  return metrics;
}

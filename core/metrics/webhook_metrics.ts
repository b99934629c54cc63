/**
 * What kuma-webhook counts.
 *
 * @module
 */
import type { MetricTable } from "./metrics.ts";

/** Of the server. */
export const SERVER_METRICS = {
  kuma_webhook_requests_total: {
    type: "counter",
    unit: "count",
    help: "Requests that were answered.",
    labels: {
      path: "path of the webhook or page",
      outcome: "allowed, patched, denied, failed (an error of ours), malformed (not an " +
        "AdmissionReview), refused (no room, or somebody who may not ask), page",
    },
  },
  kuma_webhook_request_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "From the request's head to its answer.",
    labels: { path: "path of the webhook or page" },
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  kuma_webhook_connections: { type: "gauge", unit: "count", help: "Open connections." },
} as const satisfies MetricTable;

/** All of them. */
export const WEBHOOK_METRICS = {
  ...SERVER_METRICS,
  kuma_webhook_informer_synced: {
    type: "gauge",
    unit: "boolean",
    help: "1 once everything was listed.",
    labels: { kind: "kind of the objects, in the plural" },
  },
  kuma_webhook_informer_objects: {
    type: "gauge",
    unit: "count",
    help: "Objects in memory.",
    labels: { kind: "kind of the objects, in the plural" },
  },
  kuma_webhook_informer_restarts_total: {
    type: "counter",
    unit: "count",
    help: "Restarts of list or watch.",
    labels: { kind: "kind of the objects, in the plural", cause: "why it was begun anew" },
  },
  kuma_webhook_certificate_loads_total: {
    type: "counter",
    unit: "count",
    help: "Certificates taken into use, the first one included.",
  },
} as const satisfies MetricTable;

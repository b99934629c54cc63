/**
 * Alerts about kuma-webhook.
 *
 * @module
 */
import { type Alert, metric } from "./alerts.ts";

/** All of them. */
export const WEBHOOK_ALERTS: readonly Alert[] = [
  {
    name: "KumaWebhookAbsent",
    severity: "critical",
    expr: `absent(${metric("kuma_webhook_connections")})`,
    for: "10m",
    summary: "No replica of kuma-webhook is seen",
    todo:
      "Where none runs, pods of the mesh are refused (failurePolicy Fail) or start without a sidecar (Ignore). Where " +
      "they run, Prometheus is not allowed to read /metrics: docs/webhook.md says what it needs.",
    example: {
      series: [{ series: "kuma_webhook_connections", fires: "_x20", healthy: "1x20" }],
      at: "12m",
      labels: {},
    },
  },
  {
    name: "KumaWebhookNotSynced",
    severity: "critical",
    expr: `${metric("kuma_webhook_informer_synced")} == 0`,
    for: "5m",
    summary: "{{ $labels.instance }} has not seen the cluster's {{ $labels.kind }}",
    todo:
      "It answers no admission until then. Its log says what the API server answered: missing definitions, missing " +
      "rights, no connection.",
    example: {
      series: [{
        series: 'kuma_webhook_informer_synced{instance="a",kind="meshes"}',
        fires: "0x10",
        healthy: "1x10",
      }],
      at: "6m",
      labels: { instance: "a", kind: "meshes" },
    },
  },
  {
    name: "KumaWebhookFails",
    severity: "critical",
    expr: `sum by (path) (rate(${
      metric("kuma_webhook_requests_total")
    }{outcome="failed"}[5m])) > 0`,
    for: "5m",
    summary: "Requests to {{ $labels.path }} end in errors of kuma-webhook itself",
    todo:
      "The log of kuma-webhook has each with its cause; a request that was refused for its content does not count here.",
    example: {
      series: [{
        series: 'kuma_webhook_requests_total{path="/inject-sidecar",outcome="failed"}',
        fires: "0+1x20",
        healthy: "3x20",
      }],
      at: "12m",
      labels: { path: "/inject-sidecar" },
    },
  },
  {
    name: "KumaWebhookRefuses",
    severity: "warning",
    expr: `sum by (path) (rate(${
      metric("kuma_webhook_requests_total")
    }{outcome="refused"}[5m])) > 0.1`,
    for: "10m",
    summary: "Requests to {{ $labels.path }} are refused before they are looked at",
    todo:
      "There is no room for more, or somebody asks who may not: the log says which. For the first, raise the replicas.",
    example: {
      series: [{
        series: 'kuma_webhook_requests_total{path="/inject-sidecar",outcome="refused"}',
        fires: "0+30x30",
        healthy: "0+1x30",
      }],
      at: "20m",
      labels: { path: "/inject-sidecar" },
    },
  },
  {
    name: "KumaWebhookSlow",
    severity: "warning",
    expr: `histogram_quantile(0.99, sum by (path, le) (rate(` +
      `${metric("kuma_webhook_request_duration_seconds")}_bucket[10m]))) > 1`,
    for: "10m",
    summary: "Answers to {{ $labels.path }} take more than a second",
    todo:
      "The API server gives up after 10 s. Look at the processor time that the replicas get, and at their number.",
    example: {
      series: [
        {
          series: 'kuma_webhook_request_duration_seconds_bucket{path="/inject-sidecar",le="1"}',
          fires: "0x30",
          healthy: "0+6x30",
        },
        {
          series: 'kuma_webhook_request_duration_seconds_bucket{path="/inject-sidecar",le="5"}',
          fires: "0+6x30",
          healthy: "0+6x30",
        },
        {
          series: 'kuma_webhook_request_duration_seconds_bucket{path="/inject-sidecar",le="+Inf"}',
          fires: "0+6x30",
          healthy: "0+6x30",
        },
      ],
      at: "25m",
      labels: { path: "/inject-sidecar" },
    },
  },
  {
    name: "KumaWebhookWatchesBreak",
    severity: "warning",
    expr: `sum by (instance, kind) (increase(` +
      `${metric("kuma_webhook_informer_restarts_total")}{cause!="timeout"}[15m])) > 10`,
    for: "10m",
    summary: "{{ $labels.instance }} loses its watch of {{ $labels.kind }} again and again",
    todo:
      "What it knows of the cluster may be old. The label `cause` and its log say whether the API server answers with " +
      "a status, is silent, or cannot be reached.",
    example: {
      series: [{
        series:
          'kuma_webhook_informer_restarts_total{instance="a",kind="meshes",cause="connection"}',
        fires: "0+2x40",
        healthy: "0+2x3 8x37",
      }],
      at: "35m",
      labels: { instance: "a", kind: "meshes" },
    },
  },
];

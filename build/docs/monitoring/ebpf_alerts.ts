/**
 * Alerts about kuma-ebpf-loader.
 *
 * @module
 */
import { type Alert, metric } from "./alerts.ts";

/** All of them. */
export const EBPF_ALERTS: readonly Alert[] = [
  {
    name: "KumaEbpfNotReady",
    severity: "critical",
    expr: `${metric("kuma_ebpf_ready")} == 0`,
    for: "2m",
    summary: "Programs are not attached on {{ $labels.instance }}",
    todo:
      "Connections of pods there may pass the sidecar by. `kuma-ebpf-loader status` on the node says what is wrong, " +
      "`kuma-ebpf-loader check` what it lacks.",
    example: {
      series: [{ series: 'kuma_ebpf_ready{instance="node-a"}', fires: "0x10", healthy: "1x10" }],
      at: "4m",
      labels: { instance: "node-a" },
    },
  },
  {
    name: "KumaEbpfTakenAway",
    severity: "warning",
    expr: `increase(${metric("kuma_ebpf_repairs_total")}[1h]) > 0`,
    for: "0m",
    summary: "Somebody takes programs away on {{ $labels.instance }}",
    todo:
      "They are put back within seconds. Look for another agent that cleans up BPF programs or cgroups.",
    example: {
      series: [{
        series: 'kuma_ebpf_repairs_total{instance="node-a"}',
        fires: "0x10 1x20",
        healthy: "1x30",
      }],
      at: "20m",
      labels: { instance: "node-a" },
    },
  },
  {
    name: "KumaEbpfDrops",
    severity: "warning",
    expr: `sum by (pod, verdict) (rate(${metric("kuma_ebpf_connections_total")}` +
      `{verdict=~"(drop|error)-.*"}[5m])) > 0`,
    for: "5m",
    summary: "Connections of {{ $labels.pod }} are lost: {{ $labels.verdict }}",
    todo:
      "drop-no-proxy: the sidecar does not listen. error-…: a map is full or the kernel refused; the loader's events " +
      "say more, and docs/ebpf-loader.md what each means.",
    example: {
      series: [{
        series: 'kuma_ebpf_connections_total{pod="shop/web",verdict="drop-no-proxy"}',
        fires: "0+1x20",
        healthy: "5x20",
      }],
      at: "12m",
      labels: { pod: "shop/web", verdict: "drop-no-proxy" },
    },
  },
];

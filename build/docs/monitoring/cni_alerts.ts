/**
 * Alerts about install-cni and the plugin.
 *
 * @module
 */
import { type Alert, metric } from "./alerts.ts";

const NODE = { instance: "node-a" };

/** All of them. */
export const CNI_ALERTS: readonly Alert[] = [
  {
    name: "KumaCniNotReady",
    severity: "critical",
    expr: `${metric("kuma_cni_install_ready")} == 0`,
    for: "5m",
    summary: "The CNI plugin is not in place on {{ $labels.instance }}",
    todo:
      "Pods that start on that node may not be intercepted, or wait. /readyz of install-cni there and its log say " +
      "what is missing; `install-cni check` in its container says what it would do and why.",
    example: {
      series: [{
        series: 'kuma_cni_install_ready{instance="node-a"}',
        fires: "0x10",
        healthy: "1x10",
      }],
      at: "6m",
      labels: NODE,
    },
  },
  {
    name: "KumaCniCallsFail",
    severity: "critical",
    expr: `sum by (instance) (rate(${metric("kuma_cni_plugin_calls_total")}` +
      `{verb="ADD",outcome="failed"}[10m])) / sum by (instance) (rate(` +
      `${metric("kuma_cni_plugin_calls_total")}{verb="ADD"}[10m])) > 0.1`,
    for: "10m",
    summary: "More than a tenth of new pods fail on {{ $labels.instance }}",
    todo:
      "kubelet tries again, so they may only be late. The log of install-cni on that node has the plugin's lines: " +
      "`failed` with a code, which `kumactl explain` knows.",
    example: {
      series: [
        {
          series: 'kuma_cni_plugin_calls_total{instance="node-a",verb="ADD",outcome="failed"}',
          fires: "0+6x30",
          healthy: "0x30",
        },
        {
          series: 'kuma_cni_plugin_calls_total{instance="node-a",verb="ADD",outcome="done"}',
          fires: "0+6x30",
          healthy: "0+6x30",
        },
      ],
      at: "25m",
      labels: NODE,
    },
  },
  {
    name: "KumaCniCallsSlow",
    severity: "warning",
    expr: `histogram_quantile(0.99, sum by (instance, le) (rate(` +
      `${metric("kuma_cni_plugin_call_duration_seconds")}_bucket{verb="ADD"}[10m]))) > 5`,
    for: "10m",
    summary: "New pods wait for seconds on {{ $labels.instance }}",
    todo:
      "The plugin asks the API server for the pod; look at that server's load, at the node's processors, and at the " +
      "durations in the plugin's log.",
    example: {
      series: [
        {
          series:
            'kuma_cni_plugin_call_duration_seconds_bucket{instance="node-a",verb="ADD",le="5"}',
          fires: "0x30",
          healthy: "0+6x30",
        },
        {
          series:
            'kuma_cni_plugin_call_duration_seconds_bucket{instance="node-a",verb="ADD",le="10"}',
          fires: "0+6x30",
          healthy: "0+6x30",
        },
        {
          series:
            'kuma_cni_plugin_call_duration_seconds_bucket{instance="node-a",verb="ADD",le="+Inf"}',
          fires: "0+6x30",
          healthy: "0+6x30",
        },
      ],
      at: "25m",
      labels: NODE,
    },
  },
  {
    name: "KumaCniFight",
    severity: "warning",
    expr: `${metric("kuma_cni_heal_backoff_seconds")} > 0`,
    for: "10m",
    summary: "Another agent keeps rewriting the CNI configuration of {{ $labels.instance }}",
    todo:
      "install-cni leaves it longer pauses. Its log names the file; let one agent own it, or set CNI_CONF_NAME.",
    example: {
      series: [{
        series: 'kuma_cni_heal_backoff_seconds{instance="node-a"}',
        fires: "30x20",
        healthy: "0x20",
      }],
      at: "12m",
      labels: NODE,
    },
  },
  {
    name: "KumaCniHealsOften",
    severity: "warning",
    expr: `sum by (instance, what) (increase(${metric("kuma_cni_heals_total")}[1h])) > 5`,
    for: "0m",
    summary: "On {{ $labels.instance }}, {{ $labels.what }} was put back again and again",
    todo:
      "Something on the node takes it away: another installer, configuration management, a cleaner of disks.",
    example: {
      series: [{
        series: 'kuma_cni_heals_total{instance="node-a",what="chain"}',
        fires: "0+1x60",
        healthy: "0x20 1x40",
      }],
      at: "50m",
      labels: { ...NODE, what: "chain" },
    },
  },
  {
    name: "KumaCniHealFails",
    severity: "warning",
    expr: `increase(${metric("kuma_cni_heal_failures_total")}[15m]) > 3`,
    for: "5m",
    summary: "What is missing on {{ $labels.instance }} cannot be put back",
    todo:
      "The log of install-cni says why (`could not put things right`): a disk that is full or read-only, rights.",
    example: {
      series: [{
        series: 'kuma_cni_heal_failures_total{instance="node-a"}',
        fires: "0+1x30",
        healthy: "1x30",
      }],
      at: "20m",
      labels: NODE,
    },
  },
  {
    name: "KumaCniTokenExpires",
    severity: "critical",
    expr: `${metric("kuma_cni_token_expiry_timestamp_seconds")} - time() < 600`,
    for: "2m",
    summary: "The plugin's token on {{ $labels.instance }} expires within ten minutes",
    todo:
      "It is renewed long before, so the renewal fails: the log of install-cni says why. Once it has expired, pods of " +
      "the mesh cannot start there.",
    example: {
      series: [{
        series: 'kuma_cni_token_expiry_timestamp_seconds{instance="node-a"}',
        fires: "900x20",
        healthy: "9000x20",
      }],
      at: "10m",
      labels: NODE,
    },
  },
];

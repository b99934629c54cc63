/**
 * What install-cni counts, of itself and of the plugin on its node.
 *
 * @module
 */
import type { MetricTable } from "./metrics.ts";

/** Upper bounds in seconds of plugin calls and heals: an answer of the installer is some 5 ms, a process start 60 ms, a budget is 30 s. */
const BUCKETS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30] as const;

const CALL = {
  verb: "ADD, CHECK or STATUS; DEL and GC have nothing to tell",
  outcome: "done or failed",
} as const;

/** All of them. */
export const INSTALLER_METRICS = {
  kuma_cni_install_ready: {
    type: "gauge",
    unit: "boolean",
    help: "1 while binary, kubeconfig and chain entry are in place.",
  },
  kuma_cni_config_state: {
    type: "gauge",
    unit: "boolean",
    help: "1 for the state that the chain is in, 0 for the others.",
    labels: { state: "chained, waiting (nothing to chain to), broken" },
  },
  kuma_cni_heals_total: {
    type: "counter",
    unit: "count",
    help: "What had to be put back.",
    labels: { what: "program, kubeconfig or chain" },
  },
  kuma_cni_heal_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "From noticing that something is missing to having it back.",
    buckets: BUCKETS,
  },
  kuma_cni_heal_failures_total: {
    type: "counter",
    unit: "count",
    help: "Failed tries to put something back.",
  },
  kuma_cni_heal_backoff_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Pause before the next write; above 0 while another agent fights.",
  },
  kuma_cni_token_expiry_timestamp_seconds: {
    type: "gauge",
    unit: "timestamp",
    help: "When the plugin's token expires.",
  },
  kuma_cni_token_requested: {
    type: "gauge",
    unit: "boolean",
    help: "1 when the plugin's token outlives this pod.",
  },
  kuma_cni_plugin_calls_total: {
    type: "counter",
    unit: "count",
    help: "Calls of the plugin on this node.",
    labels: CALL,
  },
  kuma_cni_plugin_call_duration_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Duration of the plugin's calls.",
    labels: CALL,
    buckets: BUCKETS,
  },
  kuma_cni_quick_adds_total: {
    type: "counter",
    unit: "count",
    help: "ADDs that the plugin asked this installer about.",
    labels: {
      outcome:
        "intercepted, left_alone, program (which was to do it), failed (the program looked after it), broken " +
        "(the plugin left) or misunderstood",
    },
  },
  kuma_cni_log_lines_total: {
    type: "counter",
    unit: "count",
    help: "Log lines of the plugin.",
    labels: { level: "level of the line" },
  },
  kuma_cni_log_lines_dropped_total: {
    type: "counter",
    unit: "count",
    help: "Lines on the log socket that were none.",
  },
} as const satisfies MetricTable;

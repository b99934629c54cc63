/**
 * What the installer counts, for `/metrics`.
 *
 * @module
 */
import { type MetricDefinition, MetricSet } from "core/metrics/metrics.ts";

/** Upper bounds in seconds of plugin calls and heals: a process start is some 60 ms, a budget is 30 s. */
const BUCKETS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

const DEFINITIONS = {
  kuma_cni_install_ready: {
    type: "gauge",
    help: "1 while binary, kubeconfig and chain entry are in place.",
  },
  kuma_cni_config_state: {
    type: "gauge",
    help: "1 for the state that the chain is in, 0 for the others.",
  },
  kuma_cni_heals_total: { type: "counter", help: "What had to be put back, by what it was." },
  kuma_cni_heal_duration_seconds: {
    type: "histogram",
    help: "From noticing that something is missing to having it back.",
    buckets: BUCKETS,
  },
  kuma_cni_heal_failures_total: { type: "counter", help: "Failed tries to put something back." },
  kuma_cni_heal_backoff_seconds: {
    type: "gauge",
    help: "Pause before the next write; above 0 while another agent fights.",
  },
  kuma_cni_token_expiry_timestamp_seconds: {
    type: "gauge",
    help: "When the plugin's token expires.",
  },
  kuma_cni_token_requested: { type: "gauge", help: "1 when the plugin's token outlives this pod." },
  kuma_cni_plugin_calls_total: {
    type: "counter",
    help: "Calls of the plugin on this node, by verb and outcome.",
  },
  kuma_cni_plugin_call_duration_seconds: {
    type: "histogram",
    help: "Duration of the plugin's calls, by verb and outcome.",
    buckets: BUCKETS,
  },
  kuma_cni_log_lines_total: { type: "counter", help: "Log lines of the plugin." },
  kuma_cni_log_lines_dropped_total: {
    type: "counter",
    help: "Lines on the log socket that were none.",
  },
} as const satisfies Record<string, MetricDefinition>;

/** All metrics of this process. */
export class Metrics extends MetricSet<keyof typeof DEFINITIONS> {
  constructor() {
    super(DEFINITIONS);
  }
}

/**
 * Counters, gauges and histograms in Prometheus' text format (version 0.0.4).
 *
 * @module
 */

/** Label names and values of one series. */
export type Labels = Readonly<Record<string, string>>;

/** Upper bounds in seconds of plugin calls: a process start is some 60 ms, a budget is 30 s. */
const BUCKETS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];

const HELP = {
  kuma_cni_install_ready: ["gauge", "1 while binary, kubeconfig and chain entry are in place."],
  kuma_cni_config_state: ["gauge", "1 for the state that the chain is in, 0 for the others."],
  kuma_cni_heals_total: ["counter", "What had to be put back, by what it was."],
  kuma_cni_heal_duration_seconds: [
    "histogram",
    "From noticing that something is missing to having it back.",
  ],
  kuma_cni_heal_failures_total: ["counter", "Failed tries to put something back."],
  kuma_cni_heal_backoff_seconds: [
    "gauge",
    "Pause before the next write; above 0 while another agent fights.",
  ],
  kuma_cni_token_expiry_timestamp_seconds: ["gauge", "When the plugin's token expires."],
  kuma_cni_token_requested: ["gauge", "1 when the plugin's token outlives this pod."],
  kuma_cni_plugin_calls_total: [
    "counter",
    "Calls of the plugin on this node, by verb and outcome.",
  ],
  kuma_cni_plugin_call_duration_seconds: [
    "histogram",
    "Duration of the plugin's calls, by verb and outcome.",
  ],
  kuma_cni_log_lines_total: ["counter", "Log lines of the plugin."],
  kuma_cni_log_lines_dropped_total: ["counter", "Lines on the log socket that were none."],
} as const;

/** Name of a metric. */
export type MetricName = keyof typeof HELP;

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** All metrics of this process. */
export class Metrics {
  readonly #values = new Map<MetricName, Map<string, number>>();
  readonly #histograms = new Map<MetricName, Map<string, Histogram>>();

  /** Adds to a counter. */
  add(name: MetricName, labels: Labels = {}, amount = 1): void {
    const series = seriesOf(this.#values, name);
    series.set(key(labels), (series.get(key(labels)) ?? 0) + amount);
  }

  /** Sets a gauge. */
  set(name: MetricName, value: number, labels: Labels = {}): void {
    seriesOf(this.#values, name).set(key(labels), value);
  }

  /** Adds an observation to a histogram, in seconds. */
  observe(name: MetricName, seconds: number, labels: Labels = {}): void {
    const series = seriesOf(this.#histograms, name);
    let histogram = series.get(key(labels));
    if (histogram === undefined) {
      histogram = { counts: BUCKETS.map(() => 0), sum: 0, count: 0 };
      series.set(key(labels), histogram);
    }
    BUCKETS.forEach((bound, at) => {
      if (seconds <= bound) histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
    });
    histogram.sum += seconds;
    histogram.count += 1;
  }

  /** The page for `/metrics`. */
  text(): string {
    const lines: string[] = [];
    for (
      const [name, [type, help]] of Object.entries(HELP) as [
        MetricName,
        readonly [string, string],
      ][]
    ) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (const [labels, value] of this.#values.get(name) ?? []) {
        lines.push(`${name}${braced(labels)} ${value}`);
      }
      for (const [labels, histogram] of this.#histograms.get(name) ?? []) {
        lines.push(...histogramLines(name, labels, histogram));
      }
    }
    return `${lines.join("\n")}\n`;
  }
}

function histogramLines(name: string, labels: string, histogram: Histogram): string[] {
  const before = labels === "" ? "" : `${labels},`;
  return [
    ...BUCKETS.map((bound, at) => `${name}_bucket{${before}le="${bound}"} ${histogram.counts[at]}`),
    `${name}_bucket{${before}le="+Inf"} ${histogram.count}`,
    `${name}_sum${braced(labels)} ${histogram.sum}`,
    `${name}_count${braced(labels)} ${histogram.count}`,
  ];
}

function seriesOf<Value>(
  all: Map<MetricName, Map<string, Value>>,
  name: MetricName,
): Map<string, Value> {
  let series = all.get(name);
  if (series === undefined) all.set(name, series = new Map());
  return series;
}

function key(labels: Labels): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`).join(",");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (found) => found === "\n" ? "\\n" : `\\${found}`);
}

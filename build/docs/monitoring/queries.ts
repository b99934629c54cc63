/**
 * What a dashboard asks about a metric, by its type and unit.
 *
 * @module
 */
import type { MetricDefinition } from "core/metrics/metrics.ts";

/** One line of a panel. */
export interface Query {
  readonly expr: string;
  /** What each line is called: labels in double braces. */
  readonly legend: string;
}

/** What a panel shows: its queries, and the unit of their values in Grafana's words. */
export interface Panel {
  readonly queries: readonly Query[];
  readonly unit: string;
}

/** Gauges of which the parts make a whole; of others the highest counts, as replicas see the same. */
const SUMMED: ReadonlySet<string> = new Set(["kuma_webhook_connections", "kuma_ebpf_pods"]);

/** Of the instances that are chosen in the dashboard. */
const CHOSEN = '{instance=~"$instance"}';

/** What is asked about one metric. */
export function panelOf(name: string, definition: MetricDefinition): Panel {
  const labels = Object.keys(definition.labels ?? {});
  const series = `${name}${CHOSEN}`;
  const { unit } = definition;
  if (definition.type === "histogram") {
    return { queries: [0.5, 0.99].map((share) => quantile(name, share, labels)), unit: "s" };
  }
  if (definition.type === "counter") {
    const rate = `sum ${by(labels)}(rate(${series}[$__rate_interval]))`;
    return { queries: [{ expr: rate, legend: legendOf(labels) }], unit: "cps" };
  }
  if (unit === "boolean") {
    const count = (value: number) => ({
      expr: `count ${by(labels)}(${series} == ${value})`,
      legend: [value === 1 ? "yes" : "no", ...braces(labels)].join(" "),
    });
    return { queries: [count(1), count(0)], unit: "short" };
  }
  if (unit === "timestamp") {
    return { queries: [{ expr: `min(${series}) - time()`, legend: "soonest" }], unit: "s" };
  }
  const fold = SUMMED.has(name) ? "sum" : "max";
  return {
    queries: [{ expr: `${fold} ${by(labels)}(${series})`, legend: legendOf(labels) }],
    unit: unit === "seconds" ? "s" : "short",
  };
}

function quantile(name: string, share: number, labels: readonly string[]): Query {
  const rate = `rate(${name}_bucket${CHOSEN}[$__rate_interval])`;
  return {
    expr: `histogram_quantile(${share}, sum ${by([...labels, "le"])}(${rate}))`,
    legend: [`${share * 100} %`, ...braces(labels)].join(" "),
  };
}

function by(labels: readonly string[]): string {
  return labels.length === 0 ? "" : `by (${labels.join(", ")}) `;
}

function legendOf(labels: readonly string[]): string {
  return labels.length === 0 ? "all" : braces(labels).join(" ");
}

function braces(labels: readonly string[]): string[] {
  return labels.map((label) => `{{${label}}}`);
}

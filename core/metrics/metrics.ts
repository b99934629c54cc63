/**
 * Counters, gauges and histograms in Prometheus' text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), without a package: a program has a
 * dozen of them, all known beforehand.
 *
 * @module
 */

/** What a metric is: its type and one line of help; for a histogram the upper bounds of its buckets. */
export type MetricDefinition =
  | { readonly type: "counter" | "gauge"; readonly help: string }
  | { readonly type: "histogram"; readonly help: string; readonly buckets: readonly number[] };

/** Label names and values of one series. Keep the set of values small: each makes a series for ever. */
export type MetricLabels = Readonly<Record<string, string>>;

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** All metrics of a process; `Name` is the set of names that exist. */
export class MetricSet<Name extends string> {
  readonly #definitions: Readonly<Record<Name, MetricDefinition>>;
  readonly #values = new Map<string, Map<string, number>>();
  readonly #histograms = new Map<string, Map<string, Histogram>>();
  readonly #collectors: (() => void)[] = [];

  constructor(definitions: Readonly<Record<Name, MetricDefinition>>) {
    this.#definitions = definitions;
  }

  /** Adds to a counter. */
  add(name: Name, labels: MetricLabels = {}, amount = 1): void {
    const series = seriesOf(this.#values, name);
    const key = labelText(labels);
    series.set(key, (series.get(key) ?? 0) + amount);
  }

  /** Sets a gauge. */
  set(name: Name, value: number, labels: MetricLabels = {}): void {
    seriesOf(this.#values, name).set(labelText(labels), value);
  }

  /** Adds an observation to a histogram. Throws a `TypeError` for a name that is none. */
  observe(name: Name, value: number, labels: MetricLabels = {}): void {
    const definition = this.#definitions[name];
    if (definition.type !== "histogram") {
      throw new TypeError(`Cannot observe ${name}: it is a ${definition.type}`);
    }
    const series = seriesOf(this.#histograms, name);
    const key = labelText(labels);
    let histogram = series.get(key);
    if (histogram === undefined) {
      histogram = { counts: definition.buckets.map(() => 0), sum: 0, count: 0 };
      series.set(key, histogram);
    }
    const at = definition.buckets.findIndex((bound) => value <= bound);
    if (at >= 0) histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
    histogram.sum += value;
    histogram.count += 1;
  }

  /** The value of a counter or gauge; 0 where it was never touched. */
  value(name: Name, labels: MetricLabels = {}): number {
    return this.#values.get(name)?.get(labelText(labels)) ?? 0;
  }

  /** Calls `collect` before each page, to set gauges that are only looked at then. */
  onPage(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** The page for `/metrics`. */
  page(): string {
    for (const collect of this.#collectors) collect();
    const lines: string[] = [];
    for (const name of Object.keys(this.#definitions) as Name[]) {
      const definition = this.#definitions[name];
      lines.push(
        `# HELP ${name} ${helpText(definition.help)}`,
        `# TYPE ${name} ${definition.type}`,
      );
      for (const [labels, value] of this.#values.get(name) ?? []) {
        lines.push(`${name}${braced(labels)} ${value}`);
      }
      if (definition.type !== "histogram") continue;
      for (const [labels, histogram] of this.#histograms.get(name) ?? []) {
        lines.push(...histogramLines(name, definition.buckets, labels, histogram));
      }
    }
    return `${lines.join("\n")}\n`;
  }
}

/** Content type of a page. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The lines of one histogram series; each bucket counts all below its bound. */
function histogramLines(
  name: string,
  buckets: readonly number[],
  labels: string,
  histogram: Histogram,
): string[] {
  const before = labels === "" ? "" : `${labels},`;
  let below = 0;
  return [
    ...buckets.map((bound, at) => {
      below += histogram.counts[at] ?? 0;
      return `${name}_bucket{${before}le="${bound}"} ${below}`;
    }),
    `${name}_bucket{${before}le="+Inf"} ${histogram.count}`,
    `${name}_sum${braced(labels)} ${histogram.sum}`,
    `${name}_count${braced(labels)} ${histogram.count}`,
  ];
}

function seriesOf<Name, Value>(
  all: Map<Name, Map<string, Value>>,
  name: Name,
): Map<string, Value> {
  let series = all.get(name);
  if (series === undefined) all.set(name, series = new Map());
  return series;
}

/** Sorted by name, so that one set of labels is one series. */
function labelText(labels: MetricLabels): string {
  return Object.keys(labels).sort()
    .map((name) => `${name}="${(labels[name] ?? "").replace(/[\\"\n]/g, escaped)}"`).join(",");
}

function helpText(help: string): string {
  return help.replace(/[\\\n]/g, escaped);
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

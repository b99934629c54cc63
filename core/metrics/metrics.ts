/**
 * Counters, gauges and histograms in Prometheus' text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), without a package: a program has a
 * dozen of them, all known beforehand.
 *
 * @module
 */

/** What a metric is, for whoever writes it and for whoever reads it. */
export interface MetricBasis {
  /** One line of help. */
  readonly help: string;
  /** `timestamp`: seconds since 1970 in UTC. */
  readonly unit: "count" | "seconds" | "boolean" | "timestamp";
  /** What each label says. Keep the set of values small: each makes a series for ever. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A metric with its type; for a histogram the upper bounds of its buckets. */
export type MetricDefinition =
  & MetricBasis
  & (
    | { readonly type: "counter" | "gauge" }
    | { readonly type: "histogram"; readonly buckets: readonly number[] }
  );

/** Metrics by name. Those of all programs are in `tables.ts`. */
export type MetricTable = Readonly<Record<string, MetricDefinition>>;

/** Label names and values of one series. */
export type MetricLabels = Readonly<Record<string, string>>;

/** The labels that a metric has: all of them, and no others. */
export type LabelsOf<Definition> = Definition extends { readonly labels: infer Labels }
  ? { readonly [Label in keyof Labels]: string }
  : Readonly<Record<string, never>>;

/** What comes after the name of a metric: labels where it has such, then what `More` says. */
type Rest<Definition, More extends unknown[]> = Definition extends { readonly labels: unknown }
  ? [labels: LabelsOf<Definition>, ...more: More]
  : [labels?: LabelsOf<Definition>, ...more: More];

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Metrics of a process. A name or a label that its table does not have does not compile. */
export class MetricSet<Table extends MetricTable> {
  readonly #definitions: Table;
  readonly #values = new Map<string, Map<string, number>>();
  readonly #histograms = new Map<string, Map<string, Histogram>>();
  readonly #collectors: (() => void)[] = [];

  constructor(definitions: Table) {
    this.#definitions = definitions;
  }

  /** Adds to a counter. */
  add<Name extends keyof Table & string>(
    name: Name,
    ...[labels = {}, amount = 1]: Rest<Table[Name], [amount?: number]>
  ): void {
    const series = seriesOf(this.#values, name);
    const key = labelText(labels);
    series.set(key, (series.get(key) ?? 0) + amount);
  }

  /** Sets a gauge, or a counter that is kept elsewhere. */
  set<Name extends keyof Table & string>(
    name: Name,
    value: number,
    ...[labels = {}]: Rest<Table[Name], []>
  ): void {
    seriesOf(this.#values, name).set(labelText(labels), value);
  }

  /** Adds an observation to a histogram. Throws a `TypeError` for a name that is none. */
  observe<Name extends keyof Table & string>(
    name: Name,
    value: number,
    ...[labels = {}]: Rest<Table[Name], []>
  ): void {
    const definition: MetricDefinition | undefined = this.#definitions[name];
    if (definition?.type !== "histogram") {
      throw new TypeError(`Cannot observe ${name}: it is a ${definition?.type}`);
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
  value<Name extends keyof Table & string>(
    name: Name,
    ...[labels = {}]: Rest<Table[Name], []>
  ): number {
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
    for (const [name, definition] of Object.entries(this.#definitions)) {
      lines.push(
        `# HELP ${name} ${helpText(definition.help)}`,
        `# TYPE ${name} ${definition.type}`,
      );
      // Who asks how fast it grows needs to have seen the 0.
      if (definition.type === "counter" && definition.labels === undefined) {
        seriesOf(this.#values, name).set("", this.#values.get(name)?.get("") ?? 0);
      }
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

function seriesOf<Value>(all: Map<string, Map<string, Value>>, name: string): Map<string, Value> {
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

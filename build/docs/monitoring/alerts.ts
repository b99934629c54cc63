/**
 * What somebody should be called for: alerts about the metrics of the one table, each with an example of when it fires.
 *
 * @module
 */
import type { MetricName } from "core/metrics/tables.ts";
import { CNI_ALERTS } from "./cni_alerts.ts";
import { CONTROLLER_ALERTS } from "./controller_alerts.ts";
import { EBPF_ALERTS } from "./ebpf_alerts.ts";
import { WEBHOOK_ALERTS } from "./webhook_alerts.ts";

/** One alert. */
export interface Alert {
  readonly name: string;
  /** `critical`: pods do not start, or start without interception. `warning`: they will, if nobody looks. */
  readonly severity: "critical" | "warning";
  /** What it is true for, in PromQL. */
  readonly expr: string;
  /** How long it has to be true: `5m`. */
  readonly for: string;
  /** One line; may have labels, `{{ $labels.instance }}`. */
  readonly summary: string;
  /** What it means and what to do. */
  readonly todo: string;
  /** Series with which it fires at `at`; the same with `healthy` in place of the values do not. */
  readonly example: Example;
}

/** A state in which an alert fires: the values of each series, one a minute, in promtool's notation. */
export interface Example {
  readonly series: readonly ExampleSeries[];
  readonly at: string;
  /** Labels of the alert then, beside `severity`. */
  readonly labels: Readonly<Record<string, string>>;
  /** Value of the expression then, where the summary has it. */
  readonly value?: string;
}

/** One series. */
export interface ExampleSeries {
  /** `name{label="value"}` */
  readonly series: string;
  readonly fires: string;
  readonly healthy: string;
}

/** A name in an expression: one that is in no table does not compile. */
export function metric(name: MetricName): string {
  return name;
}

/** All alerts, by the program that they are about. */
export const ALERTS: Readonly<Record<string, readonly Alert[]>> = {
  "install-cni": CNI_ALERTS,
  "kuma-webhook": WEBHOOK_ALERTS,
  "kuma-controller": CONTROLLER_ALERTS,
  "kuma-ebpf-loader": EBPF_ALERTS,
};

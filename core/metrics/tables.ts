/**
 * Every metric of every program: what `/metrics` serves, what docs/metrics.md lists, and what dashboard and alerts ask for.
 *
 * @module
 */
import {
  CONTROLLER_METRICS,
  DATAPLANE_METRICS,
  REPAIR_METRICS,
  TAINT_METRICS,
} from "./controller_metrics.ts";
import { INSTALLER_METRICS } from "./installer_metrics.ts";
import { LOADER_METRICS, POD_METRICS } from "./loader_metrics.ts";
import type { MetricTable } from "./metrics.ts";
import { WEBHOOK_METRICS } from "./webhook_metrics.ts";

/** By the program that serves them. */
export const PROGRAM_METRICS = {
  "install-cni": INSTALLER_METRICS,
  "kuma-webhook": WEBHOOK_METRICS,
  "kuma-controller": {
    ...CONTROLLER_METRICS,
    ...TAINT_METRICS,
    ...REPAIR_METRICS,
    ...DATAPLANE_METRICS,
  },
  "kuma-ebpf-loader": { ...LOADER_METRICS, ...POD_METRICS },
} as const satisfies Readonly<Record<string, MetricTable>>;

/** A program that serves metrics. */
export type MeteredProgram = keyof typeof PROGRAM_METRICS;

type NamesOf<Program extends MeteredProgram> = keyof typeof PROGRAM_METRICS[Program] & string;

/** Name of a metric of any program. */
export type MetricName = { [Program in MeteredProgram]: NamesOf<Program> }[MeteredProgram];

/**
 * What the installer counts, for `/metrics`.
 *
 * @module
 */
import { INSTALLER_METRICS } from "core/metrics/installer_metrics.ts";
import { MetricSet } from "core/metrics/metrics.ts";

/** All metrics of this process. */
export class Metrics extends MetricSet<typeof INSTALLER_METRICS> {
  constructor() {
    super(INSTALLER_METRICS);
  }
}

/**
 * What people see of Dataplanes beside Events: metrics, and the page `/status`.
 *
 * @module
 */
import { DATAPLANE_METRICS } from "core/metrics/controller_metrics.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { Logger } from "core/log/logger.ts";
import type { DataplaneMode } from "./mode.ts";
import type { Written } from "./writer.ts";

/** How a Dataplane differs from what we would write. */
export type DifferenceKind = "missing" | "different" | "surplus";

/** A difference; `fields` are JSON pointers. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly fields: readonly string[];
}

const KINDS: readonly DifferenceKind[] = ["missing", "different", "surplus"];
/** What `/status` shows of each list. */
const SHOWN = 100;

/** Keeps what is wrong by key. */
export class DataplaneReport {
  readonly metrics = new MetricSet(DATAPLANE_METRICS);
  readonly #log: Logger;
  readonly #mode: DataplaneMode;
  readonly #faults = new Map<string, string>();
  readonly #waiting = new Map<string, string>();
  readonly #differences = new Map<string, Difference>();

  constructor(log: Logger, mode: DataplaneMode, dropped: () => number) {
    this.#log = log;
    this.#mode = mode;
    this.metrics.onPage(() => {
      for (const one of ["write", "verify", "off", "unknown"]) {
        const current = mode.current ?? "unknown";
        this.metrics.set("kuma_controller_dataplane_mode", +(current === one), { mode: one });
      }
      this.metrics.set("kuma_controller_dataplane_faults", this.#faults.size);
      this.metrics.set("kuma_controller_dataplane_waiting", this.#waiting.size);
      this.metrics.set("kuma_controller_dataplane_events_dropped_total", dropped());
      for (const kind of KINDS) {
        const count = [...this.#differences.values()].filter((one) => one.kind === kind).length;
        this.metrics.set("kuma_controller_dataplane_differences", count, { kind });
      }
    });
  }

  /** Counts a write. */
  wrote(what: Exclude<Written, "unchanged">): void {
    this.metrics.add("kuma_controller_dataplane_writes_total", { operation: what });
  }

  /** Notes why a Dataplane cannot be made, and says so where it is new. */
  fault(key: string, why: string): void {
    this.#waiting.delete(key);
    if (this.#faults.get(key) === why) return;
    this.#faults.set(key, why);
    this.#log.warn("no Dataplane can be made of this pod", { pod: key, reason: why });
  }

  /** Notes what a pod waits for. */
  waits(key: string, what: string): void {
    this.#faults.delete(key);
    this.#waiting.set(key, what);
  }

  /** Notes a difference, and says so where it is new; undefined where all is as it should be. */
  differs(key: string, difference: Difference | undefined): void {
    const before = this.#differences.get(key);
    if (difference === undefined) {
      this.#differences.delete(key);
      return;
    }
    this.#differences.set(key, difference);
    const { kind, fields } = difference;
    if (before?.kind === kind && before.fields.join() === fields.join()) return;
    this.#log.warn("a Dataplane is not as it would be written", {
      dataplane: key,
      kind,
      ...(fields.length === 0 ? {} : { fields: fields.join(" ") }),
    });
  }

  /** Notes that nothing is wrong with a pod. */
  inOrder(key: string): void {
    this.#faults.delete(key);
    this.#waiting.delete(key);
  }

  /** Forgets everything, as of a loop that begins anew. */
  clear(): void {
    this.#faults.clear();
    this.#waiting.clear();
    this.#differences.clear();
  }

  /** The page: what is wrong, the first hundred of each. */
  status(): JsonObject {
    const texts = (map: ReadonlyMap<string, string>) =>
      Object.fromEntries([...map].slice(0, SHOWN));
    const differences: JsonObject = Object.fromEntries(
      [...this.#differences].slice(0, SHOWN)
        .map(([key, { kind, fields }]) => [key, { kind, fields: [...fields] }]),
    );
    return {
      mode: this.#mode.current ?? "unknown",
      reason: this.#mode.why,
      faults: { count: this.#faults.size, first: texts(this.#faults) },
      waiting: { count: this.#waiting.size, first: texts(this.#waiting) },
      differences: { count: this.#differences.size, first: differences },
    };
  }
}

/**
 * The loader as a DaemonSet: load, watch, report, leave.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { eventWords } from "core/bpf/event_words.ts";
import { EventRing } from "core/host/bpf/event_ring.ts";
import type { Pins } from "core/host/bpf/pins.ts";
import { isRootCgroup } from "core/host/bpf/preflight.ts";
import type { Logger } from "core/log/logger.ts";
import { LOADER_METRICS } from "core/metrics/loader_metrics.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import { serveOperations } from "core/serve/operations_server.ts";
import { delay } from "core/time/clock.ts";
import { loadAll, NOT_JOINED, unloadAll } from "./load_command.ts";
import { podMetrics } from "./metrics.ts";
import { watch } from "./watch.ts";

/** What it runs with. */
export interface RunOptions {
  readonly pins: Pins;
  readonly cgroup: string;
  readonly accelerate: boolean;
  /** Take everything away at the end. */
  readonly detach: boolean;
  readonly eventsPerSecond: number;
  readonly address: string;
  readonly port: number;
  readonly log: Logger;
  /** Takes a line for each event. */
  readonly events: Logger;
  readonly ending: AbortSignal;
}

const WATCH_MS = 2000, EVENTS_MS = 100, BUDGET_MS = 1000;
/** A watch that hangs this long makes the kubelet start another loader. */
const STUCK_MS = 120_000;

/**
 * Runs until it is to end. What it has attached stays then, unless `detach` says otherwise.
 *
 * @throws {KumaError} `KUMA-BPF-011` to `-021` where nothing can be loaded at the start, `-027`
 */
export async function runNode(options: RunOptions): Promise<void> {
  const { pins, log, ending } = options;
  const metrics = new MetricSet(LOADER_METRICS);
  const state = { problems: ["it has not loaded yet"] as readonly string[], at: performance.now() };
  await using server = serveOperations({
    address: options.address,
    port: options.port,
    code: "KUMA-BPF-027",
    log,
    healthz: {
      watch: () => performance.now() - state.at < STUCK_MS ? undefined : "the watch hangs",
    },
    readyz: { programs: () => state.problems.length === 0 ? undefined : state.problems.join("; ") },
    metrics: { page: () => metrics.page() + podMetrics(pins) },
  });
  const { features, pods } = await loadAll(pins, options.cgroup, options.accelerate);
  log.info("programs are attached", {
    cgroup: options.cgroup,
    port: server.port,
    pods: pods.kept.length,
    events: features.ringBuffer,
  });
  if (options.accelerate && !features.netnsCookie) log.warn(NOT_JOINED);
  if (!isRootCgroup(options.cgroup)) {
    log.warn("the cgroup is no root cgroup: what runs elsewhere is not redirected", {
      cgroup: options.cgroup,
    });
  }
  for (const name of pods.gone) log.info("pod has gone", { pod: name });
  for (const line of pods.failed) log.error(line);
  const settle = (problems: readonly string[]) => {
    state.problems = problems;
    state.at = performance.now();
    metrics.set("kuma_ebpf_ready", +(problems.length === 0));
  };
  settle([]);
  const names = new Map<bigint, string>();
  const reporting = report(options, names, metrics);
  while (!ending.aborted) {
    try {
      settle(await watch(options, names, () => metrics.add("kuma_ebpf_repairs_total")));
    } catch (error) {
      log.error(errorText(error));
      settle([errorText(error)]);
    }
    await delay(WATCH_MS, { signal: ending });
  }
  await reporting;
  log.info("ending", { signal: `${ending.reason}`, detach: options.detach });
  if (options.detach) await unloadAll(pins);
}

/** Writes events until the end; a ring that somebody removes is opened anew. */
async function report(
  { pins, events, eventsPerSecond, log, ending }: RunOptions,
  names: ReadonlyMap<bigint, string>,
  metrics: MetricSet<typeof LOADER_METRICS>,
): Promise<void> {
  while (!ending.aborted) {
    try {
      using ring = EventRing.open(pins);
      if (ring === undefined) return;
      for (let at = 0; at < REOPEN && !ending.aborted; at++) {
        if (at % (BUDGET_MS / EVENTS_MS) === 0) ring.allow(eventsPerSecond);
        for (const bytes of ring.take()) {
          const event = eventWords(bytes);
          if (event === undefined) continue;
          metrics.add("kuma_ebpf_events_total");
          const pod = names.get(event.netns) ?? `namespace ${event.netns}`;
          events[event.error ? "error" : "info"](event.message, { pod, ...event.fields });
        }
        await delay(EVENTS_MS, { signal: ending });
      }
    } catch (error) {
      log.error(errorText(error));
      await delay(WATCH_MS, { signal: ending });
    }
  }
}

/** Looks at the pin again after so many turns: another loader may have made the map anew. */
const REOPEN = 600;

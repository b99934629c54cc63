/**
 * The running controller: informers on every replica, control loops on the one that leads.
 *
 * @module
 */
import { LEASES } from "core/kube/leases.ts";
import type { KubeClient } from "core/cluster/client.ts";
import { leadWithLease } from "core/cluster/lease.ts";
import { parseGoDuration } from "core/grammar/go_duration.ts";
import type { Logger } from "core/log/logger.ts";
import { CONTROLLER_METRICS } from "core/metrics/controller_metrics.ts";
import { MetricSet } from "core/metrics/metrics.ts";
import { serveOperations } from "core/serve/operations_server.ts";
import { type Controller, runController } from "./controller.ts";
import { controllersFor } from "./controllers.ts";
import { EventLoop } from "./event_loop.ts";
import type { Leadership } from "./leadership.ts";
import type { LoadedSettings } from "./settings/load.ts";

/** What the controller runs with. */
export interface ServeOptions {
  readonly loaded: LoadedSettings;
  /** That of informers and control loops, which asks `leadership` before each write. */
  readonly client: KubeClient;
  /** That of the Lease. */
  readonly leaseClient: KubeClient;
  readonly leadership: Leadership;
  readonly log: Logger;
  /** Where /healthz, /readyz and /metrics are. */
  readonly address: string;
  readonly port: number;
  /** Unique among the replicas. */
  readonly identity: string;
  /** Fires when the program must end. */
  readonly ending: AbortSignal;
}

/**
 * Runs until it must end, or until another replica leads; gives which.
 *
 * @throws {KumaError} `KUMA-CTL-004` the address cannot be listened on
 */
export async function serve(options: ServeOptions): Promise<"ended" | "lost"> {
  const { loaded: { settings }, client, log, ending } = options;
  const controllers = controllersFor({ settings, client, log });
  const informers = [...new Set(controllers.flatMap((one) => [...one.informers]))];
  const metrics = new MetricSet(CONTROLLER_METRICS);
  metrics.set("leader_election_master_status", 0, { name: LEASES.own });
  using eventLoop = new EventLoop();
  metrics.onPage(() => {
    metrics.set("kuma_controller_event_loop_blocked_max_seconds", eventLoop.blockedSeconds);
    for (const { name: kind, synced, size, restarts } of informers) {
      metrics.set("kuma_controller_informer_synced", +synced, { kind });
      metrics.set("kuma_controller_informer_objects", size, { kind });
      for (const [cause, count] of restarts) {
        metrics.set("kuma_controller_informer_restarts_total", count, { kind, cause });
      }
    }
  });
  await using server = serveOperations({
    address: options.address,
    port: options.port,
    code: "KUMA-CTL-004",
    log,
    readyz: {
      "informer-sync": () => {
        const missing = informers.filter((one) => !one.synced && !one.unserved);
        if (missing.length === 0) return undefined;
        return `it waits for ${missing.map(({ name }) => name).join(", ")}`;
      },
    },
    metrics: { page: () => [metrics, ...pagesOf(controllers)].map((one) => one.page()).join("") },
    status: () =>
      Object.fromEntries(controllers.flatMap((one) => {
        const status = one.status?.();
        return status === undefined ? [] : [[one.name, status]];
      })),
  });
  log.info("serving", {
    port: server.port,
    controllers: controllers.map(({ name }) => name).join(", "),
  });
  const stop = new AbortController();
  const over = AbortSignal.any([ending, stop.signal]);
  const informing = Promise.all(informers.map((one) => one.run(over)));
  try {
    return await leadWithLease(
      {
        client: options.leaseClient,
        namespace: settings.systemNamespace,
        name: LEASES.own,
        identity: options.identity,
        log,
        durationMs: Number(parseGoDuration(settings.leaseDuration)) / 1e6,
        renewMs: Number(parseGoDuration(settings.renewDeadline)) / 1e6,
      },
      async (signal, holds) => {
        options.leadership.begin(holds);
        metrics.set("leader_election_master_status", 1, { name: LEASES.own });
        await Promise.all([
          ...controllers.map((one) => runController(one, { log, metrics }, signal)),
          // Who has nothing to do stays all the same: a Deployment wants a program that runs.
          new Promise((resolve) => signal.addEventListener("abort", resolve)),
        ]);
        metrics.set("leader_election_master_status", 0, { name: LEASES.own });
      },
      ending,
    );
  } finally {
    stop.abort();
    await informing;
  }
}

function pagesOf(controllers: readonly Controller[]): { page(): string }[] {
  return controllers.flatMap(({ metrics }) => metrics === undefined ? [] : [metrics]);
}

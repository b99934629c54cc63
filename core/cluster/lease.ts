/**
 * One of several replicas at a time: the leader election of client-go over a `coordination.k8s.io/v1` Lease.
 *
 * It needs the verbs `get`, `create` and `update` on `leases` of its namespace.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { type Clock, systemClock } from "core/time/clock.ts";
import { ApiError } from "./client.ts";
import { createObject, updateObject, type Writer } from "./writes.ts";

/** Which Lease, as whom, and how fast; the defaults are client-go's. */
export interface LeaseOptions {
  readonly client: Writer;
  readonly namespace: string;
  readonly name: string;
  /** Unique among the replicas: the pod's name and something random. */
  readonly identity: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Chance, from 0 to 1: that replicas do not meet at the same moment each time. */
  readonly random?: () => number;
  /** How long others wait for a holder that falls silent. Default 15 s. */
  readonly durationMs?: number;
  /** How long a holder tries to renew until it gives up; less than `durationMs`. Default 10 s. */
  readonly renewMs?: number;
  /** Pause between tries. Default 2 s. */
  readonly retryMs?: number;
}

/** How it ended: the signal fired, or the Lease was lost. */
export type LeaseEnd = "ended" | "lost";

/**
 * Waits for the Lease, leads while it is held, and gives it back. The signal that `lead` gets fires at once
 * when the Lease is lost, which is before anybody else can have it, or when `signal` fires; then `lead` must
 * stop. A process that gets `lost` should end: what it knows may be old.
 *
 * A process that stood still (SIGSTOP, a frozen machine) learns of its loss only when its timers come round. So
 * before each write `lead` should ask `holds()`, which goes by the clock alone.
 *
 * @throws what `lead` throws; a `lead` that returns by itself gives the Lease back, too.
 */
export async function leadWithLease(
  options: LeaseOptions,
  lead: (signal: AbortSignal, holds: () => boolean) => Promise<void>,
  signal: AbortSignal,
): Promise<LeaseEnd> {
  const lease = new Lease(options);
  if (!await lease.acquire(signal)) return "ended";
  const stop = new AbortController();
  const over = AbortSignal.any([signal, stop.signal]);
  // Called at once, so that nothing that it throws is without a listener.
  const leading = lead(over, () => lease.holds()).finally(() => stop.abort());
  const settled = leading.catch(() => undefined);
  const kept = await lease.keep(over);
  stop.abort();
  await settled;
  if (kept) await lease.release();
  await leading;
  return kept ? "ended" : "lost";
}

/** One replica's hold on a Lease, or wish for it. */
class Lease {
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #durationMs: number;
  readonly #renewMs: number;
  readonly #retryMs: number;
  /** The record as last seen, and when it was seen to change: clocks of others are not trusted. */
  #seen: { readonly version: string; readonly at: number } | undefined;
  #object: JsonObject | undefined;
  #renewedAt = 0;
  /** How long the server asked to be left alone, ms. */
  #askedMs = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewMs = options.renewMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2000;
    if (!(this.#durationMs > this.#renewMs && this.#renewMs > this.#retryMs)) {
      throw new RangeError(
        "A lease must last longer than its renewal may take, and that than a pause",
      );
    }
  }

  /** Tries until it is ours; false when the signal fires first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await this.#try(this.#renewMs, signal)) {
        this.#options.log.info("lease acquired", this.#fields());
        return true;
      }
      const pause = this.#retryMs * (1 + this.#random() * 0.2);
      await this.#clock.delay(Math.max(pause, this.#askedMs), { signal });
    }
    return false;
  }

  /** Whether the last renewal is young enough that nobody else can have it. */
  holds(): boolean {
    return this.#clock.now() < this.#renewedAt + this.#renewMs;
  }

  /** Renews until the signal fires (true) or the Lease is lost (false). */
  async keep(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const left = this.#renewedAt + this.#renewMs - this.#clock.now();
      // A busy server is left alone for as long as it asks, but for one more try before the Lease is lost.
      const pause = Math.max(this.#retryMs, Math.min(this.#askedMs, left - this.#retryMs));
      await this.#clock.delay(Math.min(pause, Math.max(0, left)), { signal });
      if (signal.aborted) return true;
      const rest = this.#renewedAt + this.#renewMs - this.#clock.now();
      const renewed = rest > 0 && await this.#try(rest, signal);
      if (signal.aborted) return true;
      if (renewed) continue;
      const ours = this.#object === undefined || this.#holder() === this.#options.identity;
      const now = this.#clock.now();
      if (ours && now < this.#renewedAt + this.#renewMs) continue;
      const reason = ours ? "it could not be renewed in time" : `${this.#holder()} holds it`;
      this.#options.log.error("lease lost", { ...this.#fields(), reason });
      return false;
    }
  }

  /** Gives the Lease back, so that the next need not wait for its end. What fails here is logged only. */
  async release(): Promise<void> {
    const { identity, log } = this.#options;
    if (this.#object === undefined || this.#holder() !== identity) return;
    const spec = { ...this.#spec(), holderIdentity: "", leaseDurationSeconds: 1 };
    try {
      const signal = AbortSignal.timeout(this.#retryMs);
      await updateObject(this.#options.client, this.#path(), { ...this.#object, spec }, { signal });
      log.info("lease released", this.#fields());
    } catch (thrown) {
      log.warn("lease not released", { ...this.#fields(), reason: errorText(thrown) });
    }
  }

  /** Acquires or renews once, within so many milliseconds. */
  async #try(ms: number, signal: AbortSignal): Promise<boolean> {
    const done = new AbortController();
    const late = new AbortController();
    const over = AbortSignal.any([signal, late.signal]);
    void this.#clock.delay(ms, { signal: done.signal }).then(() => {
      if (!done.signal.aborted) late.abort(new Error("no answer in time"));
    });
    const begun = this.#clock.now();
    this.#askedMs = 0;
    try {
      if (!await this.#acquireOrRenew(over)) return false;
      // From before the request: the server may have taken it then.
      this.#renewedAt = begun;
      return true;
    } catch (thrown) {
      if (signal.aborted) return false;
      if (thrown instanceof ApiError) this.#askedMs = thrown.retryAfter ?? 0;
      // A lost race, or a server in trouble: what is held is read anew.
      this.#options.log.debug("lease not taken", { ...this.#fields(), reason: errorText(thrown) });
      return false;
    } finally {
      done.abort();
    }
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, identity, namespace, name } = this.#options;
    const present = await this.#read(signal);
    const renewTime = microTime(this.#clock.wall());
    const own = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
    };
    if (present === undefined) {
      const spec = { ...own, acquireTime: renewTime, renewTime, leaseTransitions: 0 };
      const body = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { namespace, name },
        spec,
      };
      this.#object = await createObject(client, this.#collection(), body, { signal });
      return true;
    }
    this.#see(present);
    const old = this.#spec();
    const holder = this.#holder();
    if (holder !== "" && holder !== identity && this.#clock.now() < this.#freeAt(old)) return false;
    const spec = holder === identity ? { ...old, ...own, renewTime } : {
      ...old,
      ...own,
      acquireTime: renewTime,
      renewTime,
      leaseTransitions: Number(old.leaseTransitions ?? 0) + 1,
    };
    this.#see(await updateObject(client, this.#path(), { ...present, spec }, { signal }));
    return true;
  }

  async #read(signal: AbortSignal): Promise<JsonObject | undefined> {
    try {
      const found = await this.#options.client.json(this.#path(), { signal });
      return isObject(found) ? found : undefined;
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 404) return undefined;
      throw thrown;
    }
  }

  #see(object: JsonObject): void {
    this.#object = object;
    const { resourceVersion } = isObject(object.metadata) ? object.metadata : {};
    const version = String(resourceVersion);
    if (this.#seen?.version !== version) this.#seen = { version, at: this.#clock.now() };
  }

  /** When another holder's time is over; one that says none has as much as we would. */
  #freeAt(spec: JsonObject): number {
    const seconds = Number(spec.leaseDurationSeconds);
    return (this.#seen?.at ?? 0) + (seconds > 0 ? seconds * 1000 : this.#durationMs);
  }

  #spec(): JsonObject {
    const spec = this.#object?.spec;
    return isObject(spec) ? spec : {};
  }

  #holder(): string {
    const { holderIdentity } = this.#spec();
    return typeof holderIdentity === "string" ? holderIdentity : "";
  }

  #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${
      encodeURIComponent(this.#options.namespace)
    }/leases`;
  }

  #path(): string {
    return `${this.#collection()}/${encodeURIComponent(this.#options.name)}`;
  }

  #fields() {
    const { namespace, name, identity } = this.#options;
    return { lease: `${namespace}/${name}`, identity };
  }
}

/** As the API writes it: microseconds. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

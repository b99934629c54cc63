/**
 * Whether Dataplanes are written: never beside a control plane of Kuma, whose own reconciler cannot be switched
 * off.
 *
 * @module
 */
import { LEASES } from "core/kube/leases.ts";
import { ApiError, type KubeClient } from "core/cluster/client.ts";
import { textOf } from "core/dataplane/read_facts.ts";
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { type Clock, systemClock } from "core/time/clock.ts";

/** What is done about Dataplanes. */
export type Mode = "write" | "verify" | "off";

/** What it looks at, and as whom. */
export interface ModeOptions {
  /** The setting; `auto` looks. */
  readonly wanted: Mode | "auto";
  readonly client: Pick<KubeClient, "json">;
  readonly systemNamespace: string;
  /** Name of the control plane's Deployment, which is that of its Service. */
  readonly controlPlane: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Pause between two looks: a control plane takes longer from its Deployment to its first write. */
const PAUSE_MS = 5000;
/** A Lease that nobody has renewed for that long has no holder at work. */
const STALE_MS = 60_000;
const TIMEOUT_MS = 5000;

/**
 * Knows the mode. With `auto`, it looks again and again: `verify` while a control plane is there, and while that
 * cannot be found out.
 */
export class DataplaneMode {
  readonly #options: ModeOptions;
  readonly #clock: Clock;
  #current: Mode | undefined;
  #why = "it is set so";
  #lease = { renewed: "", at: -Infinity };

  constructor(options: ModeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    if (options.wanted !== "auto") this.#current = options.wanted;
  }

  /** The mode; undefined until it was looked for the first time. */
  get current(): Mode | undefined {
    return this.#current;
  }

  /** Why it is so, in words. */
  get why(): string {
    return this.#why;
  }

  /** Looks until the signal fires; calls `changed` whenever the mode is another. */
  async follow(changed: () => void, signal: AbortSignal): Promise<void> {
    if (this.#options.wanted !== "auto") return;
    while (!signal.aborted) {
      const before = this.#current;
      await this.look(signal);
      if (signal.aborted) return;
      if (this.#current !== before) {
        this.#options.log.info("mode of Dataplanes", { mode: this.#current, reason: this.#why });
        changed();
      }
      await this.#clock.delay(PAUSE_MS, { signal });
    }
  }

  /** Looks once. */
  async look(signal: AbortSignal): Promise<void> {
    try {
      const why = await this.#deployed(signal) ?? await this.#led(signal);
      if (signal.aborted) return;
      this.#current = why === undefined ? "write" : "verify";
      this.#why = why ?? "no control plane of Kuma is here";
    } catch (thrown) {
      if (signal.aborted) return;
      this.#current = "verify";
      this.#why = `whether a control plane of Kuma is here cannot be told: ${errorText(thrown)}`;
    }
  }

  /** Its Deployment asks for replicas. */
  async #deployed(signal: AbortSignal): Promise<string | undefined> {
    const { controlPlane, systemNamespace } = this.#options;
    const deployment = await this.#get("/apis/apps/v1", "deployments", controlPlane, signal);
    const spec = isObject(deployment?.spec) ? deployment.spec : {};
    if (deployment === undefined || spec.replicas === 0) return undefined;
    return `the Deployment ${systemNamespace}/${controlPlane} is there`;
  }

  /** Somebody renews its Lease. Told by the change as well: clocks of two machines may differ. */
  async #led(signal: AbortSignal): Promise<string | undefined> {
    const lease = await this.#get("/apis/coordination.k8s.io/v1", "leases", LEASES.ofKuma, signal);
    const spec = isObject(lease?.spec) ? lease.spec : {};
    const renewed = textOf(spec.renewTime);
    const holder = textOf(spec.holderIdentity);
    if (holder === "" || renewed === "") return undefined;
    const now = this.#clock.now();
    const first = this.#lease.renewed === "";
    if (renewed !== this.#lease.renewed) this.#lease = { renewed, at: first ? -Infinity : now };
    const age = Math.abs(this.#clock.wall() - Date.parse(renewed));
    const fresh = age < STALE_MS || now - this.#lease.at < STALE_MS;
    return fresh ? `the Lease ${LEASES.ofKuma} is held by ${holder}` : undefined;
  }

  async #get(
    group: string,
    plural: string,
    name: string,
    signal: AbortSignal,
  ): Promise<JsonObject | undefined> {
    const namespace = encodeURIComponent(this.#options.systemNamespace);
    const path = `${group}/namespaces/${namespace}/${plural}/${encodeURIComponent(name)}`;
    try {
      const answer = await this.#options.client.json(path, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return isObject(answer) ? answer : undefined;
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 404) return undefined;
      throw thrown;
    }
  }
}

/**
 * The control loop that gives pods their Dataplanes and keeps those as they should be, or, beside a control plane
 * of Kuma, only compares them.
 *
 * Its limits: zone ingresses and egresses are left to Kuma, as is the ConfigMap in which Kuma 2.9 keeps outbounds
 * unless Dataplanes are to list them. A Dataplane whose pod is gone is left to the garbage collector for some seconds.
 *
 * @module
 */
import { ApiError, type KubeClient } from "core/cluster/client.ts";
import { EventRecorder } from "core/cluster/event_recorder.ts";
import type { InformerStatus } from "core/cluster/informer_options.ts";
import { decideDataplane } from "core/dataplane/decide.ts";
import type { Dataplane, DataplaneSettings, Decision } from "core/dataplane/decision.ts";
import type { PodFacts } from "core/dataplane/facts.ts";
import { controllerOf, differences } from "core/dataplane/object.ts";
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { Controller } from "../controller.ts";
import type { Settings } from "../settings/table.ts";
import { DataplaneCluster, FOREIGN } from "./cluster.ts";
import { DataplaneMode } from "./mode.ts";
import { PodEvents } from "./pod_events.ts";
import { DataplaneReport } from "./report.ts";
import { whenServed } from "./served.ts";
import { watchDataplanes, watchOutbounds } from "./triggers.ts";
import { WriteBudget } from "./write_budget.ts";
import { DataplaneWriter, type HeldDataplane } from "./writer.ts";

/** What it works with. */
export interface DataplaneOptions {
  readonly client: KubeClient;
  readonly settings: Settings;
  readonly log: Logger;
}

/** How long a Dataplane without its pod is left to the garbage collector. */
const ORPHAN_MS = 5000;
/** When to look again after a lost race: the news of it comes sooner, as a rule. */
const RACED_MS = 1000;
/** Differing fields that are named. */
const FIELDS = 10;

/**
 * The controller `kuma-pod-controller`. It needs `list` and `watch` on pods, services, endpointslices, namespaces,
 * nodes, replicasets, jobs, meshes; these and `create`, `patch`, `delete` on dataplanes; `create` and `patch` on
 * events; with `auto`, `get` on deployments and leases of the system namespace.
 */
export class DataplaneController implements Controller {
  readonly name = "kuma-pod-controller";
  readonly concurrency: number;
  readonly informers: readonly InformerStatus[];
  readonly #cluster: DataplaneCluster;
  readonly #mode: DataplaneMode;
  readonly #writer: DataplaneWriter;
  readonly #events: PodEvents;
  readonly #report: DataplaneReport;
  readonly #settings: DataplaneSettings;
  readonly #budget = new WriteBudget();
  readonly #listsOutbounds: boolean;
  readonly #orphans = new Map<string, number>();

  constructor({ client, settings, log }: DataplaneOptions) {
    const { zoneName: zone, nodeLabelsToCopy, outboundsAsVips } = settings;
    this.#listsOutbounds = !outboundsAsVips;
    const { ignoredServiceSelectorLabels: ignoredSelectorLabels, systemNamespace } = settings;
    this.#settings = { zone, ignoredSelectorLabels };
    // 0 means 1, as in Kuma.
    this.concurrency = Math.max(1, settings.podConcurrency);
    const known = { ...this.#settings, nodeLabelsToCopy, outboundsAsVips };
    this.#cluster = new DataplaneCluster({ client, log, settings: known });
    this.informers = this.#cluster.informers;
    this.#mode = new DataplaneMode({
      wanted: settings.dataplanes,
      client,
      systemNamespace,
      controlPlane: settings.controlPlaneServiceName,
      log,
    });
    this.#writer = new DataplaneWriter(client, this.#cluster.dataplanes);
    const component = "k8s.kuma.io/dataplane-generator";
    this.#events = new PodEvents(new EventRecorder({ client, component, log }));
    this.#report = new DataplaneReport(log, this.#mode, () => this.#events.dropped);
  }

  get metrics(): { page(): string } {
    return this.#report.metrics;
  }

  /** What is wrong now, for the page `/status`. */
  status(): JsonObject {
    return this.#report.status();
  }

  watch(add: (key: string) => void): () => void {
    this.#report.clear();
    this.#orphans.clear();
    const over = new AbortController();
    const all = () => {
      this.#cluster.pods.subscribe(({ key }) => add(key))();
      this.#cluster.dataplanes.subscribe(({ key }) => add(key))();
    };
    const unfollow = this.#writer.follow();
    const unwatch = watchDataplanes(this.#cluster, add);
    const unlist = this.#listsOutbounds ? watchOutbounds(this.#cluster, add) : undefined;
    void this.#mode.follow(all, over.signal);
    for (const informer of [this.#cluster.dataplanes, this.#cluster.meshes]) {
      void whenServed(informer, all, over.signal);
    }
    return () => {
      over.abort();
      unwatch();
      unlist?.();
      unfollow();
    };
  }

  async reconcile(key: string, signal: AbortSignal): Promise<number | void> {
    const mode = this.#mode.current;
    // Once it is known, or the kind is served, every pod comes again.
    if (mode === undefined || mode === "off" || !this.#served()) return;
    const pod = this.#cluster.pods.get(key);
    if (pod === FOREIGN) return this.#forget(key);
    if (pod === undefined) return await this.#withoutPod(key, mode === "write", signal);
    this.#orphans.delete(key);
    const around = this.#cluster.surroundings(pod);
    const decision = decideDataplane({ pod, around, settings: this.#settings });
    if (mode === "verify") return this.#compare(key, decision);
    this.#report.differs(key, undefined);
    try {
      return await this.#make(key, pod, decision, signal);
    } catch (thrown) {
      if (!signal.aborted && isRefusal(thrown)) {
        this.#report.fault(key, errorText(thrown));
        this.#events.failed(pod, errorText(thrown));
      }
      throw thrown;
    }
  }

  #served(): boolean {
    const { dataplanes } = this.#cluster;
    return dataplanes.synced && !dataplanes.unserved;
  }

  /** Makes it so. */
  async #make(
    key: string,
    pod: PodFacts,
    decision: Decision,
    signal: AbortSignal,
  ): Promise<number | void> {
    const there = this.#writer.there(key);
    switch (decision.is) {
      case "ignored":
        return this.#forget(key);
      case "waiting":
        // News of what is missing brings the key again.
        return this.#report.waits(key, decision.what);
      case "faulty": {
        const why = decision.problems.map(({ field, message }) => `${field}: ${message}`).join(
          "; ",
        );
        this.#report.fault(key, why);
        return this.#events.failed(pod, why);
      }
      case "absent":
        this.#report.inOrder(key);
        return there === undefined ? undefined : await this.#delete(key, there, signal);
      case "present":
        return await this.#write(key, pod, decision, there, signal);
    }
  }

  async #write(
    key: string,
    pod: PodFacts,
    { dataplane, warnings }: Decision & { is: "present" },
    there: HeldDataplane | undefined,
    signal: AbortSignal,
  ): Promise<number | void> {
    const stranger = there === undefined ? undefined : strangerOf(there, dataplane);
    if (stranger !== undefined) {
      const why = `the Dataplane of this name is controlled by ${stranger}`;
      this.#report.fault(key, why);
      return this.#events.failed(pod, why);
    }
    const pause = () => this.#budget.take(key);
    const written = await this.#writer.write(key, dataplane, signal, pause);
    if (typeof written === "number") return written;
    if (written === "raced") {
      this.#report.wrote(written);
      return RACED_MS;
    }
    const wrote = written !== "unchanged";
    this.#report.inOrder(key);
    this.#events.succeeded(pod, warnings, wrote);
    if (!wrote) return;
    this.#report.wrote(written);
    this.#events.wrote(pod, written === "created" ? "Created" : "Updated");
  }

  /** Deletes a Dataplane, unless it is somebody else's. */
  async #delete(key: string, there: HeldDataplane, signal: AbortSignal): Promise<number | void> {
    const owner = controllerOf(there.object);
    if (owner?.kind !== "Pod" || owner.name !== nameOf(key)) return;
    const written = await this.#writer.delete(key, there, signal);
    if (written !== "unchanged") this.#report.wrote(written);
    if (written === "raced") return RACED_MS;
  }

  /**
   * The pod is gone. The garbage collector takes its Dataplane along; where it does not, for instance since the
   * owner reference was taken away and put back with another uid, we do.
   */
  async #withoutPod(key: string, writes: boolean, signal: AbortSignal): Promise<number | void> {
    this.#forget(key);
    const there = this.#writer.there(key);
    if (there === undefined || !writes) {
      this.#orphans.delete(key);
      return;
    }
    const since = this.#orphans.get(key) ?? performance.now();
    this.#orphans.set(key, since);
    const left = since + ORPHAN_MS - performance.now();
    if (left > 0) return left;
    this.#orphans.delete(key);
    return await this.#delete(key, there, signal);
  }

  /** Compares only. */
  #compare(key: string, decision: Decision): void {
    const there = this.#cluster.dataplanes.get(key);
    switch (decision.is) {
      case "ignored":
      case "waiting":
        return this.#forget(key);
      case "faulty":
        this.#report.differs(key, undefined);
        return this.#report.fault(
          key,
          decision.problems.map(({ field, message }) => `${field}: ${message}`).join("; "),
        );
      case "absent":
        this.#report.inOrder(key);
        return this.#report.differs(key, there && { kind: "surplus", fields: [] });
      case "present": {
        this.#report.inOrder(key);
        const { dataplane } = decision;
        if (there === undefined) return this.#report.differs(key, { kind: "missing", fields: [] });
        const fields = differences(there, dataplane, FIELDS);
        this.#report.differs(key, fields.length === 0 ? undefined : { kind: "different", fields });
      }
    }
  }

  #forget(key: string): void {
    this.#events.forget(key);
    this.#budget.forget(key);
    this.#report.inOrder(key);
    this.#report.differs(key, undefined);
  }
}

/** Who else controls the Dataplane; undefined where it may be taken. */
function strangerOf({ object }: HeldDataplane, { name }: Dataplane): string | undefined {
  const owner = controllerOf(object);
  if (owner === undefined || owner.kind === "Pod" && owner.name === name) return undefined;
  return `${owner.kind} ${owner.name}`;
}

function nameOf(key: string): string {
  return key.slice(key.indexOf("/") + 1);
}

/** What a person has to mend, and not time: a webhook or the schema says no. */
function isRefusal(thrown: unknown): boolean {
  if (!(thrown instanceof ApiError) || ![400, 403, 422].includes(thrown.status)) return false;
  // The news that the namespace is going is on its way.
  return !thrown.message.includes("being terminated");
}

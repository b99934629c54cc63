/**
 * What people are told at a pod. Bounded: of the good news, so many a second, since where thousands are written each
 * Event costs the API server as much as a Dataplane; of the bad, each only when it is new.
 *
 * @module
 */
import type { EventRecorder, EventText } from "core/cluster/event_recorder.ts";
import type { Warning } from "core/dataplane/decision.ts";
import { type Clock, systemClock } from "core/time/clock.ts";

/** The pod of an Event. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Good news that is told at once at most, and how long it takes until there may be one more. */
const GOOD_NEWS = 50;
const GOOD_NEWS_MS = 100;
/** Events that may wait to be written. */
const WAITING = 512;

/** What was said of a pod last. */
interface Said {
  failure: string;
  warnings: readonly string[];
}

/** Writes Events about pods. */
export class PodEvents {
  readonly #recorder: Pick<EventRecorder, "record" | "dropped">;
  readonly #said = new Map<string, Said>();
  readonly #clock: Clock;
  #goodNews: { left: number; at: number };
  #waiting = 0;
  #unsaid = 0;

  constructor(recorder: Pick<EventRecorder, "record" | "dropped">, clock: Clock = systemClock) {
    this.#recorder = recorder;
    this.#clock = clock;
    this.#goodNews = { left: GOOD_NEWS, at: clock.now() };
  }

  /** Events that were not written, since too many waited or the server did not take them. */
  get dropped(): number {
    return this.#unsaid + this.#recorder.dropped;
  }

  /** Says that a Dataplane was written, unless too many were just now. */
  wrote(pod: PodName, what: "Created" | "Updated"): void {
    const now = this.#clock.now();
    const { left, at } = this.#goodNews;
    const filled = Math.min(GOOD_NEWS, left + (now - at) / GOOD_NEWS_MS);
    this.#goodNews = { left: filled >= 1 ? filled - 1 : filled, at: now };
    if (filled < 1) {
      this.#unsaid++;
      return;
    }
    const message = `${what} Kuma Dataplane: ${pod.name}`;
    this.#record(pod, { type: "Normal", reason: `${what}KumaDataplane`, message });
  }

  /** Says why there is no Dataplane, or why it stays as it was; once until it is another reason. */
  failed(pod: PodName, why: string): void {
    const said = this.#of(pod);
    if (said.failure === why) return;
    said.failure = why;
    const message = `Failed to generate Kuma Dataplane: ${why}`;
    this.#record(pod, { type: "Warning", reason: "FailedToGenerateKumaDataplane", message });
  }

  /**
   * Says what works and should be changed, each when it is new; with that, no failure is left. A program that starts
   * again says nothing of what it finds in order: `wrote` is false, and the pod was not looked at before.
   */
  succeeded(pod: PodName, warnings: readonly Warning[], wrote: boolean): void {
    const before = this.#said.get(keyOf(pod));
    const said = this.#of(pod);
    const known = before?.warnings ?? (wrote ? [] : undefined);
    for (const { reason, message } of known === undefined ? [] : warnings) {
      if (known?.includes(message)) continue;
      this.#record(pod, { type: "Warning", reason, message });
    }
    said.failure = "";
    said.warnings = warnings.length === 0 ? NONE : warnings.map(({ message }) => message);
  }

  /** Forgets a pod that is gone. */
  forget(key: string): void {
    this.#said.delete(key);
  }

  #of(pod: PodName): Said {
    const key = keyOf(pod);
    let said = this.#said.get(key);
    if (said === undefined) this.#said.set(key, said = { failure: "", warnings: NONE });
    return said;
  }

  #record({ namespace, name, uid }: PodName, text: EventText): void {
    if (this.#waiting >= WAITING) {
      this.#unsaid++;
      return;
    }
    this.#waiting++;
    const about = { apiVersion: "v1", kind: "Pod", namespace, name, uid };
    void this.#recorder.record(about, text).finally(() => this.#waiting--);
  }
}

const NONE: readonly string[] = [];

function keyOf({ namespace, name }: PodName): string {
  return `${namespace}/${name}`;
}

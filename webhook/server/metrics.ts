/**
 * The numbers on `/metrics`, in Prometheus' text format.
 *
 * @module
 */
import type { Informer } from "../cluster/informer.ts";

/** Upper bounds of the buckets of durations, seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1];

/** What is counted. */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #buckets = new Map<string, number[]>();
  readonly #sums = new Map<string, number>();
  /** Seconds since the epoch at which the serving certificate ends; 0 while unknown. */
  certificateEnd = 0;
  reloads = 0;

  /** Counts one answered call: the webhook's path, what was said, how long it took. */
  answered(webhook: string, verdict: string, ms: number): void {
    const key = `webhook="${webhook}",verdict="${verdict}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const buckets = this.#buckets.get(webhook) ?? new Array<number>(BUCKETS.length + 1).fill(0);
    const at = BUCKETS.findIndex((bound) => ms / 1000 <= bound);
    const index = at < 0 ? BUCKETS.length : at;
    buckets[index] = (buckets[index] ?? 0) + 1;
    this.#buckets.set(webhook, buckets);
    this.#sums.set(webhook, (this.#sums.get(webhook) ?? 0) + ms / 1000);
  }

  /** The text of the page. */
  render(informers: readonly Informer<unknown>[]): string {
    const lines = [
      "# TYPE kuma_webhook_requests_total counter",
      ...[...this.#requests].map(([key, count]) => `kuma_webhook_requests_total{${key}} ${count}`),
      "# TYPE kuma_webhook_request_seconds histogram",
      ...[...this.#buckets].flatMap(([webhook, buckets]) => this.#histogram(webhook, buckets)),
      "# TYPE kuma_webhook_informer_synced gauge",
      ...informers.map((one) => `kuma_webhook_informer_synced{kind="${one.name}"} ${+one.synced}`),
      "# TYPE kuma_webhook_informer_objects gauge",
      ...informers.map((one) => `kuma_webhook_informer_objects{kind="${one.name}"} ${one.size}`),
      "# TYPE kuma_webhook_informer_restarts_total counter",
      ...informers.flatMap((one) =>
        [...one.restarts].map(([cause, count]) =>
          `kuma_webhook_informer_restarts_total{kind="${one.name}",cause="${cause}"} ${count}`
        )
      ),
      "# TYPE kuma_webhook_certificate_end_seconds gauge",
      `kuma_webhook_certificate_end_seconds ${this.certificateEnd}`,
      "# TYPE kuma_webhook_certificate_reloads_total counter",
      `kuma_webhook_certificate_reloads_total ${this.reloads}`,
    ];
    return `${lines.join("\n")}\n`;
  }

  #histogram(webhook: string, buckets: readonly number[]): string[] {
    const name = "kuma_webhook_request_seconds";
    let total = 0;
    const lines = [...BUCKETS, "+Inf"].map((bound, at) => {
      total += buckets[at] ?? 0;
      return `${name}_bucket{webhook="${webhook}",le="${bound}"} ${total}`;
    });
    const sum = this.#sums.get(webhook) ?? 0;
    return [
      ...lines,
      `${name}_sum{webhook="${webhook}"} ${sum}`,
      `${name}_count{webhook="${webhook}"} ${total}`,
    ];
  }
}

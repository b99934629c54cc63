/**
 * The pages for kubelet and Prometheus.
 *
 * @module
 */
import { METRICS_CONTENT_TYPE, type MetricSet } from "core/metrics/metrics.ts";

/** What the pages show. */
export interface OperationsOptions<Name extends string> {
  /** Why the program cannot serve; undefined where it can. */
  readonly notReady: () => string | undefined;
  readonly metrics: MetricSet<Name>;
}

/** A function from a path to its page; undefined for paths that are not its own. */
export function operationsPages<Name extends string>(
  options: OperationsOptions<Name>,
): (path: string) => Response | undefined {
  return (path) => {
    switch (path) {
      case "/healthz":
        // Alive is who answers; what keeps it from serving is no reason to restart it.
        return text(200, "ok\n");
      case "/readyz": {
        const reason = options.notReady();
        return reason === undefined ? text(200, "ok\n") : text(503, `not ready: ${reason}\n`);
      }
      case "/metrics":
        return new Response(options.metrics.page(), {
          headers: { "content-type": METRICS_CONTENT_TYPE },
        });
      default:
        return undefined;
    }
  };
}

/** A plain text answer. */
export function text(status: number, line: string): Response {
  return new Response(line, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

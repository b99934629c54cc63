/**
 * The end of an ADD or CHECK that waits for iptables: what hangs there (a program on a dead file system, a
 * kernel that does not answer) is told to the runtime rather than waited for.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** From the start of the process; the API server may have taken most of it. */
const LIMIT_MS = 9000;
/** What iptables gets in any case; it takes some 10 ms where nothing else runs. */
const LEAST_MS = 2000;

/** A signal for the part after the pod was read. The pending timer is no matter: the process is ended. */
export function iptablesDeadline(now = performance.now()): AbortSignal {
  const controller = new AbortController();
  const left = Math.max(LEAST_MS, LIMIT_MS - now);
  setTimeout(() => controller.abort(timedOut(left)), left);
  return controller.signal;
}

function timedOut(ms: number): KumaError {
  return new KumaError(
    "KUMA-CNI-018",
    `the node's iptables did not end within ${(ms / 1000).toFixed(1)} s and was stopped`,
    { hint: "the pod is tried again; run iptables-save on the node to see whether it hangs" },
  );
}

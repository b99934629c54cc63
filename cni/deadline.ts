/**
 * The end of an ADD or CHECK that waits for iptables: what hangs there (a program on a dead file system, a
 * kernel that does not answer) is told to the runtime rather than waited for.
 *
 * Every failure is told within 10 s. From the start of the process, in milliseconds: the pod is read by 7100
 * ({@linkcode DEFAULT_BUDGET} of `fetch_pod.ts`), its rules are in by 8000 or put back by 9000, and a program
 * that hangs within the kernel is left alone {@linkcode KILL_GRACE_MS} after each of these two.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { deadline } from "core/time/timer.ts";

const APPLIED_MS = 8000;
const PUT_BACK_MS = 9000;
/** What iptables gets in any case, such as where the runtime was slow to write the configuration. */
const LEAST_MS = 900;

/** The signals for the part after the pod was read. */
export interface IptablesDeadline {
  readonly signal: AbortSignal;
  /** The end of putting back what was applied when {@linkcode signal} came, or anything else went wrong. */
  readonly putBackSignal: AbortSignal;
}

/** Sets both. The pending timers are no matter: the process is ended. */
export function iptablesDeadline(now = performance.now()): IptablesDeadline {
  const apply = Math.max(LEAST_MS, APPLIED_MS - now);
  return {
    signal: signalAfter(apply, now),
    putBackSignal: signalAfter(Math.max(apply + LEAST_MS, PUT_BACK_MS - now), now),
  };
}

/** How long another call for this pod may be waited for, so that iptables still gets its least. */
export function turnLimit(most: number, now = performance.now()): number {
  return Math.max(0, Math.min(most, APPLIED_MS - LEAST_MS - now));
}

function signalAfter(ms: number, now: number): AbortSignal {
  return deadline(ms, () => timedOut(now + ms)).signal;
}

function timedOut(ms: number): KumaError {
  return new KumaError(
    "KUMA-CNI-018",
    `the node's iptables did not end within ${
      (ms / 1000).toFixed(1)
    } s of the call and was stopped`,
    { hint: "the pod is tried again; run iptables-save on the node to see whether it hangs" },
  );
}

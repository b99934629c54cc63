/**
 * What a check found.
 *
 * @module
 */
import { type ErrorCode, errorText, KumaError } from "core/errors.ts";

/** How it is with one thing. */
export type Status = "ok" | "warning" | "failed" | "unknown";

/** One check's answer. */
export interface Outcome {
  /** `unknown`: it could not be looked at, which is neither good nor bad. */
  readonly status: Status;
  /** What there is, what is wrong with it, or why it could not be looked at: a line each. */
  readonly details: readonly string[];
  /** In place of the table's code. */
  readonly code?: ErrorCode;
  /** In place of the table's `todo`, where the finding knows better. */
  readonly todo?: string;
  /** Of what is unknown: asking again does not help, as this user may not look at it. */
  readonly lasting?: boolean;
}

/** What a finding may say in place of the table. */
export type Better = Pick<Outcome, "code" | "todo">;

/** It is as it should be; `details` say how it is. */
export function ok(...details: string[]): Outcome {
  return { status: "ok", details };
}

/** It works, and may not for long, or not for everybody. */
export function warning(details: string | readonly string[], better: Better = {}): Outcome {
  return { status: "warning", details: [details].flat(), ...better };
}

/** It is not as it should be. */
export function failed(details: string | readonly string[], better: Better = {}): Outcome {
  return { status: "failed", details: [details].flat(), ...better };
}

/** It could not be looked at, and why. */
export function unknown(reason: string, { lasting }: Pick<Outcome, "lasting"> = {}): Outcome {
  return { status: "unknown", details: [reason], ...(lasting === true ? { lasting } : {}) };
}

/** A failure that an error tells: with its code, and its hint as what to do. */
export function failedBy(error: KumaError): Outcome {
  const { message, code, hint } = error;
  return failed(message, { code, ...(hint === undefined ? {} : { todo: hint }) });
}

/**
 * What a look that threw knows: nothing. Only where the error is one of `codes` it says that something is wrong, and
 * not that it could not be looked at.
 */
export function outcomeOf(thrown: unknown, codes: readonly ErrorCode[] = []): Outcome {
  if (thrown instanceof KumaError) {
    if (codes.includes(thrown.code)) return failedBy(thrown);
    const { message, code, hint } = thrown;
    return { ...unknown(message), code, ...(hint === undefined ? {} : { todo: hint }) };
  }
  const name = thrown instanceof Error ? thrown.name : "";
  return unknown(errorText(thrown), { lasting: name === "PermissionDenied" });
}

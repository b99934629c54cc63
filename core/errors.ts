/**
 * The one error class that callers catch. The edge of each program turns it into its medium: an exit
 * code and one line on stderr (kumactl), CNI error JSON (kuma-cni), an admission denial (webhook).
 *
 * @module
 */

import type { BPF_CODES } from "./errors/bpf_codes.ts";
import type { CHECK_CODES } from "./errors/check_codes.ts";
import type { CNI_CODES } from "./errors/cni_codes.ts";
import type { CP_CODES } from "./errors/cp_codes.ts";
import type { CTL_CODES } from "./errors/ctl_codes.ts";
import type { FIREWALL_CODES } from "./errors/firewall_codes.ts";
import type { HOST_CODES } from "./errors/host_codes.ts";
import type { INS_CODES } from "./errors/ins_codes.ts";
import type { RULES_CODES } from "./errors/rules_codes.ts";
import type { TP_CODES } from "./errors/tp_codes.ts";
import type { WH_CODES } from "./errors/wh_codes.ts";

/**
 * A stable code such as `KUMA-TP-004`: the area (`TP`, `CNI`, `INS`, `WH`, `CP`, `CTL`, `BPF`, `CHK`, `HOST`) and a number. The codes
 * that exist are those of the tables, so a misspelt one does not compile. The build has codes of its own, which
 * only developers see.
 */
export type ErrorCode =
  | keyof typeof BPF_CODES
  | keyof typeof CHECK_CODES
  | keyof typeof CNI_CODES
  | keyof typeof CP_CODES
  | keyof typeof CTL_CODES
  | keyof typeof FIREWALL_CODES
  | keyof typeof HOST_CODES
  | keyof typeof INS_CODES
  | keyof typeof RULES_CODES
  | keyof typeof TP_CODES
  | keyof typeof WH_CODES
  | `KUMA-BUILD-00${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`;

/** What a {@linkcode KumaError} may carry beside its message. */
export interface KumaErrorOptions extends ErrorOptions {
  /** What the person can do about it, one sentence; shown after the message. */
  hint?: string;
}

/**
 * A failure that a person can act on. `message` is one line that says what failed and where; `code` is
 * stable across releases and known to `kumactl explain`.
 */
export class KumaError extends Error {
  override readonly name = "KumaError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: KumaErrorOptions = {}) {
    super(oneLine(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint === undefined ? undefined : oneLine(options.hint);
  }

  /** The message, and the hint where there is one, in one line without the code. */
  get line(): string {
    return this.hint === undefined ? this.message : `${this.message}; ${this.hint}`;
  }
}

/** Text of anything thrown, in one line: its message where it has one, else its string form. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof KumaError) return thrown.line;
  if (thrown instanceof Error) return oneLine(thrown.message || thrown.name);
  return oneLine(String(thrown));
}

/**
 * Folds line breaks, control characters (the eight-bit ones too: terminals take U+009B for ESC [) and
 * marks that reorder text, so that no input can forge a second line of output or hide what it says.
 */
export function oneLine(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g,
    " ",
  ).trim();
}

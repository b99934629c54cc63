import { type ErrorCode, KumaError, type KumaErrorOptions } from "core/errors.ts";

/** A command line that makes no sense: the caller's fault, and nothing was done. */
export class UsageError extends KumaError {
  /** @param code `KUMA-TP-018`, unless a program has one of its own */
  constructor(message: string, options: KumaErrorOptions = {}, code: ErrorCode = "KUMA-TP-018") {
    super(code, message, options);
  }
}

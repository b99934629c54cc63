import type { LogFields, Logger } from "core/log/logger.ts";

/** Keeps warnings for a report, with the family that they are about. */
export class WarningList implements Logger {
  readonly warnings: string[] = [];

  debug(): void {}

  info(): void {}

  warn(message: string, { family }: LogFields = {}): void {
    this.warnings.push(family === undefined ? message : `${family}: ${message}`);
  }

  error(message: string, fields?: LogFields): void {
    this.warn(message, fields);
  }

  with(): Logger {
    return this;
  }
}

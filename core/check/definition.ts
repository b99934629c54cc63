/**
 * Checks as data: what help, the documentation and the compiler know of them. What a check looks at is code of whoever
 * runs it, found by the check's name.
 *
 * @module
 */
import type { ErrorCode } from "core/errors.ts";

/** One check, in words. */
export interface CheckText {
  /** What is so where it passes, as a sentence without a full stop: `conntrack has room`. */
  readonly title: string;
  /** What its failure is called, where the finding has no code of its own. */
  readonly code: ErrorCode;
  /** What the person can do, one line without a full stop; a finding may say it more exactly. */
  readonly todo: string;
  /** What is looked at, and why it matters: its paragraph in the documentation, full sentences. */
  readonly about: string;
}

/** Checks that belong together, by their names: `conntrack-room`. Names are unique over all sections. */
export interface SectionDefinition<Name extends string = string> {
  readonly title: string;
  readonly checks: Readonly<Record<Name, CheckText>>;
}

/** Where the documentation says more about a check. */
export function anchorOf(name: string): string {
  return `docs/check.md#${name}`;
}

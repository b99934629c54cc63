/**
 * Running checks: what is looked at comes from outside, so this can be held in tests without a host.
 *
 * @module
 */
import { type ErrorCode, oneLine } from "core/errors.ts";
import { anchorOf, type SectionDefinition } from "./definition.ts";
import { type Outcome, outcomeOf, type Status } from "./outcome.ts";

/** Looks at one thing; undefined where it does not apply here, and is not told then. */
export type Look = () => Outcome | undefined | Promise<Outcome | undefined>;

/** A section with what its checks look at. */
export interface Section {
  readonly id: string;
  readonly definition: SectionDefinition;
  readonly looks: Readonly<Record<string, Look>>;
}

/** One check with its answer, complete for whoever shows it. */
export interface CheckResult {
  /** The check's name, such as `conntrack-room`. */
  readonly name: string;
  readonly title: string;
  readonly status: Status;
  readonly details: readonly string[];
  /** These three where something is to be done. */
  readonly code?: ErrorCode;
  readonly todo?: string;
  readonly docs?: string;
  readonly lasting?: boolean;
}

/** One section with its answers; sections of which nothing applies are left out. */
export interface SectionResult {
  readonly id: string;
  readonly title: string;
  readonly checks: readonly CheckResult[];
}

/** All that was found. */
export interface Report {
  readonly sections: readonly SectionResult[];
}

/** Binds a section to its looks; a check without one does not compile. */
export function section<Name extends string>(
  id: string,
  definition: SectionDefinition<Name>,
  looks: Readonly<Record<NoInfer<Name>, Look>>,
): Section {
  return { id, definition, looks };
}

/** Runs all checks, one after the other in the order of the tables. What throws could not be looked at. */
export async function runChecks(sections: readonly Section[]): Promise<Report> {
  const results: SectionResult[] = [];
  for (const { id, definition, looks } of sections) {
    const checks: CheckResult[] = [];
    for (const [name, text] of Object.entries(definition.checks)) {
      const outcome = await attempt(looks[name]);
      if (outcome !== undefined) checks.push(resultOf(name, text, outcome));
    }
    if (checks.length > 0) results.push({ id, title: definition.title, checks });
  }
  return { sections: results };
}

async function attempt(look: Look | undefined): Promise<Outcome | undefined> {
  try {
    return await look?.();
  } catch (thrown) {
    return outcomeOf(thrown);
  }
}

function resultOf(
  name: string,
  text: SectionDefinition["checks"][string],
  { status, details: given, code, todo, lasting }: Outcome,
): CheckResult {
  // What others wrote, such as the comment of a rule, may be in there.
  const details = given.map(oneLine);
  const base = { name, title: text.title, status, details, ...(lasting ? { lasting } : {}) };
  if (status === "ok") return base;
  if (status === "unknown") {
    // The table's words are about the failure, which this is not.
    return {
      ...base,
      ...(code === undefined ? {} : { code }),
      ...(todo === undefined ? {} : { todo }),
      docs: anchorOf(name),
    };
  }
  return { ...base, code: code ?? text.code, todo: todo ?? text.todo, docs: anchorOf(name) };
}

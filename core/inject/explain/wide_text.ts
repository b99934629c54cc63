/**
 * An explanation with all that there is to say: every option and field, and the difference of the pods.
 *
 * @module
 */
import { stringify } from "yaml";
import type { Json } from "core/patch/json.ts";
import { wrapped } from "core/text/wrapped.ts";
import { COLUMNS, table } from "./columns.ts";
import type { Explanation } from "./explain.ts";
import { lineDiff } from "./line_diff.ts";

/** The text; `assumptions` are what the verdict rests on that nobody was asked about. */
export function wideText(explanation: Explanation, assumptions: readonly string[]): string {
  const { options, fields, before, pod, verdict } = explanation;
  const head = [...verdictLines(explanation), ...remarks("assumed", assumptions)];
  const warnings = remarks("warning", explanation.warnings);
  if (pod === undefined || verdict !== "injected") return text([...head, ...warnings]);
  return text([
    ...head,
    "",
    "Options, and what decided each:",
    ...table(options.map(({ option, value, source }) => [option, value, source])),
    "",
    "Fields, and what decided each:",
    ...table(fields.map(({ path, value, source }) => [path, value, source])),
    "",
    ...warnings,
    "The difference:",
  ]) + lineDiff(yaml(before), yaml(pod));
}

const VERDICTS = {
  "injected": "would be injected",
  "left alone": "would not be injected",
  "denied": "would be denied",
} as const;

/** Who, what becomes of it, and why. */
export function verdictLines({ who, verdict, reason, code }: Explanation): string[] {
  const end = code === undefined ? "" : ` (${code})`;
  return wrapped(`${who} ${VERDICTS[verdict]}: ${reason}${end}`, 2, COLUMNS);
}

/** Lines that begin with what they are. */
export function remarks(what: string, lines: readonly string[]): string[] {
  return lines.flatMap((line) => wrapped(`${what}: ${line}`, 2, COLUMNS));
}

/** Lines, each with its end. */
export function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** Containers may share parts with each other; a person wants each of them written out. */
export function yaml(object: Json): string {
  return stringify(object, { aliasDuplicateObjects: false });
}

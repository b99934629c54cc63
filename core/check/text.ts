/**
 * A report for people: `text`, section by section, and `short`, which names only what is not good.
 *
 * @module
 */
import { beside } from "core/text/wrapped.ts";
import type { Status } from "./outcome.ts";
import type { CheckResult, Report, SectionResult } from "./run.ts";
import { resultOf, resultsOf, tallyOf, tallyText } from "./tally.ts";

/** What the place can show. */
export interface Style {
  readonly columns: number;
  readonly colour: boolean;
  /** Whether its locale has more than ASCII. */
  readonly utf8: boolean;
}

const MARKS: Readonly<Record<"utf8" | "ascii", Readonly<Record<Status, string>>>> = {
  utf8: { ok: "✓", warning: "‼", failed: "×", unknown: "?" },
  ascii: { ok: "[ok]", warning: "[!!]", failed: "[xx]", unknown: "[??]" },
};
const COLOURS: Readonly<Record<Status, string>> = {
  ok: "\x1b[32m",
  warning: "\x1b[33m",
  failed: "\x1b[31m",
  unknown: "\x1b[36m",
};
const PLAIN = "\x1b[0m";

/** Most details of one check that are shown; the JSON has all of them. */
const SHOWN = 10;

/** The whole report; ends with a line end. */
export function checkText(report: Report, style: Style): string {
  const sections = report.sections.map((section) => sectionText(section, style));
  return `${sections.join("\n")}\n${summary(report)}\n`;
}

/** One line for each check that is not good, and the sum; ends with a line end. */
export function shortText(report: Report, style: Style): string {
  const lines = resultsOf(report).filter(({ status }) => status !== "ok").map((check) => {
    const code = check.code === undefined ? "" : ` [${check.code}]`;
    const more = check.details.length > 1 ? ` (and ${check.details.length - 1} more)` : "";
    const text = `${check.name}: ${check.details[0] ?? check.title}${more}${code}`;
    return `${mark(check.status, style)} ${text}`;
  });
  return `${[...lines, summary(report)].join("\n")}\n`;
}

function summary(report: Report): string {
  const words = {
    ok: "All is well",
    failed: "Something is wrong",
    incomplete: "Not everything could be looked at",
  };
  return `${words[resultOf(report)]}: ${tallyText(tallyOf(report))}.`;
}

function sectionText({ title, checks }: SectionResult, style: Style): string {
  const lines = [title, "-".repeat(title.length)];
  let reason: string | undefined;
  for (const check of checks) {
    lines.push(...headLines(check, style));
    // Where one thing keeps us from looking at several, it is told once.
    const again = check.status === "unknown" && check.details.join() === reason;
    reason = check.status === "unknown" ? check.details.join() : undefined;
    if (!again) lines.push(...moreLines(check, style));
  }
  return `${lines.join("\n")}\n`;
}

function headLines({ status, title, details }: CheckResult, style: Style): string[] {
  const [only] = details;
  const text = status === "ok" && only !== undefined && details.length === 1
    ? `${title}: ${only}`
    : title;
  const plain = MARKS[style.utf8 ? "utf8" : "ascii"][status];
  const [first = "", ...rest] = beside(`${plain} `, text, style.columns);
  return [`${mark(status, style)}${first.slice(plain.length)}`, ...rest];
}

function moreLines({ status, details, code, todo, docs }: CheckResult, style: Style): string[] {
  const pad = " ".repeat(style.utf8 ? 4 : 7);
  const line = (text: string) => beside(pad, text, style.columns);
  if (status === "ok" && details.length < 2) return [];
  const shown = details.slice(0, SHOWN).flatMap((detail) =>
    // A reason can be shared by several; it says itself that it is one.
    line(status === "unknown" ? `could not be looked at: ${detail}` : detail)
  );
  const more = details.length - SHOWN;
  return [
    ...shown,
    ...(more > 0 ? line(`and ${more} more: -o json has them all`) : []),
    ...(todo === undefined ? [] : line(`what to do: ${todo}`)),
    ...(docs === undefined
      ? []
      : line(code === undefined ? `see ${docs}` : `[${code}] see ${docs}`)),
  ];
}

function mark(status: Status, { colour, utf8 }: Style): string {
  const plain = MARKS[utf8 ? "utf8" : "ascii"][status];
  return colour ? `${COLOURS[status]}${plain}${PLAIN}` : plain;
}

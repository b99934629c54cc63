/**
 * The explanation of a pod on one page, for a person.
 *
 * @module
 */
import { oneLine } from "core/errors.ts";
import { beside } from "core/text/wrapped.ts";
import type {
  DataplanePart,
  InjectionPart,
  InterceptionPart,
  PodExplanation,
  RulesPart,
} from "./document.ts";

/** The page, in so many columns; ends with a line end. */
export function podText(document: PodExplanation, columns: number): string {
  const line = (text: string, indent = 2) => beside(" ".repeat(indent), oneLine(text), columns);
  const section = (head: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [...beside("", oneLine(head), columns), ...lines, ""];
  const list = (head: string, texts: readonly string[]) =>
    section(head, texts.flatMap((text) => beside("  - ", oneLine(text), columns)));
  const { injection, interception, rules, dataplane, source } = document;
  const lines = [
    ...beside("", oneLine(`Pod ${document.pod}${whereabouts(document)}`), columns),
    "",
    ...section(
      injectionHead(injection, source),
      injectionLines(injection).flatMap((one) => line(one)),
    ),
    ...section(
      interceptionHead(interception, source),
      // What is in a file has not run anywhere.
      [interception.reason, ...source === "file" ? [] : [interception.evidence]]
        .flatMap((one) => line(one)),
    ),
    ...rules === undefined ? [] : section("Rules", ruleLines(rules, line)),
    ...section(
      dataplaneHead(dataplane, source),
      [...dataplane.reason === undefined ? [] : [dataplane.reason], ...dataplane.inbounds]
        .flatMap((one) => line(one)),
    ),
    ...list("Problems", document.problems),
    ...list("Warnings", document.warnings),
    ...list(
      "Events",
      document.events.map(({ last, reason, message, count }) =>
        `${last} ${reason}${count > 1 ? ` (${count} times)` : ""}: ${message}`
      ),
    ),
    ...list("Could not be looked at", document.unread.map(({ path, why }) => `${path}: ${why}`)),
    ...list("Assumed", document.assumed),
    summary(document),
  ];
  return `${lines.join("\n")}\n`;
}

function whereabouts({ source, phase, node, address }: PodExplanation): string {
  if (source === "file") return ", as it would be made from the file";
  const parts = [phase, node === undefined ? "on no node" : `on ${node}`, address];
  return `: ${parts.filter((part) => part !== undefined).join(", ")}`;
}

function injectionHead({ verdict }: InjectionPart, source: PodExplanation["source"]): string {
  const words = {
    cluster: { "injected": "it has a sidecar", "left alone": "it has no sidecar" },
    file: { "injected": "it gets a sidecar", "left alone": "it gets no sidecar" },
  }[source];
  return `Injection: ${{ ...words, denied: "it would be denied" }[verdict]}`;
}

function injectionLines({ reason, mesh, meshSource }: InjectionPart): string[] {
  return [reason, ...mesh === undefined ? [] : [`mesh ${mesh}: ${meshSource ?? ""}`]];
}

function interceptionHead(
  { by, works }: InterceptionPart,
  source: PodExplanation["source"],
): string {
  if (by === "nobody") return "Interception: none";
  if (source === "file") return `Interception: by ${by}`;
  const words = {
    "yes": "and it works",
    "no": "which has failed",
    "not yet": "which is not known to work yet",
    "unknown": "and nobody has tried it",
  };
  return `Interception: by ${by}, ${words[works]}`;
}

function ruleLines(
  { settings, packets }: RulesPart,
  line: (text: string, indent?: number) => string[],
): string[] {
  return [
    ...settings.flatMap(({ key, value, source }) => line(`${key}: ${value} (${source})`)),
    ...packets.flatMap(({ packet, outcome, port, why }) => [
      ...line(`${packet}: ${outcome}${port === undefined ? "" : ` to port ${port}`}`),
      ...line(why ?? "no rule of ours concerns it", 6),
    ]),
  ];
}

function dataplaneHead(
  { wanted, found, differences }: DataplanePart,
  source: PodExplanation["source"],
): string {
  if (source === "file" && wanted === "present") return "Dataplane: it gets one";
  const is = {
    "present": "there",
    "absent": "none",
    "unknown": "it may not be read",
    "not asked": "",
  }[found];
  const should = {
    present: { present: differences.length === 0 ? "as it should be" : "not as it should be" }[
      String(found)
    ] ?? "there should be one",
    absent: "there should be none",
    ignored: "not made of this pod",
    faulty: "none can be made",
    waiting: "it waits",
    unknown: "what should be is not known",
  }[wanted];
  return `Dataplane: ${[is, should].filter((part) => part !== "").join(", ")}`;
}

function summary({ problems, unread }: PodExplanation): string {
  const count = problems.length;
  const found = count === 0 ? "No problem was found" : `${count} problem${count === 1 ? "" : "s"}`;
  return unread.length === 0 ? `${found}.` : `${found}; not everything could be looked at.`;
}

/**
 * An explanation in a few lines: what a person needs who only wants to know whether all is well.
 *
 * @module
 */
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import { COLUMNS } from "core/inject/explain/columns.ts";
import type { Explanation } from "core/inject/explain/explain.ts";
import { remarks, text, verdictLines } from "core/inject/explain/wide_text.ts";
import { beside } from "core/text/wrapped.ts";

/** The text; `assumptions` are what the verdict rests on that nobody was asked about. */
export function shortText(explanation: Explanation, assumptions: readonly string[]): string {
  return text([
    ...verdictLines(explanation),
    ...explanation.verdict === "injected" ? facts(explanation) : [],
    ...remarks("warning", explanation.warnings),
    ...remarks("assumed", assumptions),
  ]);
}

function facts({ options, pod = {} }: Explanation): string[] {
  const value = (option: string) => options.find((one) => one.option === option)?.value ?? "";
  const rows: [string, string][] = [
    ["mesh", value("mesh")],
    ["containers", ours(pod).join(", ")],
    ["redirected", redirected(value)],
    ["patches", listed(value("container patches"))],
  ];
  return [
    ...rows.filter(([, what]) => what !== "").flatMap(([name, what]) => line(name, what)),
    ...chosen(options).flatMap(([option, what, source]) =>
      line("set", `${option} ${what} (${source})`)
    ),
  ];
}

function ours({ spec }: JsonObject): string[] {
  const { initContainers, containers } = isObject(spec) ? spec : {};
  const names = [...objectsIn(initContainers), ...objectsIn(containers)].map(({ name }) => name);
  return [CONTAINERS.init, CONTAINERS.validation, CONTAINERS.sidecar].filter((name) =>
    names.includes(name)
  );
}

function redirected(value: (option: string) => string): string {
  const inbound = value("delegated gateway") === "true"
    ? "no inbound (a gateway)"
    : `inbound to ${value("inbound port")}`;
  const dns = value("DNS") === "true" ? `, DNS to ${value("DNS port")}` : "";
  return `${inbound}, outbound to ${value("outbound port")}${dns}`;
}

/** Options that somebody set, an annotation or a setting, but for those above. */
function chosen(options: Explanation["options"]): [string, string, string][] {
  const told = ["mesh", "container patches"];
  return options.filter(({ option, source }) =>
    /^(?:annotation|setting) /.test(source) && !told.includes(option)
  ).map(({ option, value, source }) => [
    // Such an option is called as its annotation is.
    source.endsWith(` ${option}`) ? "" : `${option}:`,
    value === "" ? '""' : value,
    source,
  ]);
}

function listed(json: string): string {
  return json.replaceAll(/[[\]"]/g, "").replaceAll(",", ", ");
}

function line(name: string, what: string): string[] {
  return beside(`  ${name.padEnd(10)}  `, what.trim(), COLUMNS);
}

import type { Family } from "core/proxy/resolved.ts";
import { formatEndpoint } from "tests/support/traffic/endpoint.ts";
import type { FlowResult, Lab } from "tests/support/traffic/lab.ts";
import { ADDRESSES, type DemoFlow, type Places, USERS } from "./flows.ts";

/** One line of the demo's table. */
export interface Row {
  readonly flow: string;
  /** The address that the connection was opened to. */
  readonly to: string;
  readonly expected: string;
  readonly seen: string;
  readonly ok: boolean;
}

/** Sends a flow and judges where it ended. */
export function sendFlow(lab: Lab, places: Places, flow: DemoFlow, family: Family): Row {
  const addresses = ADDRESSES[family];
  const to = { address: addresses[flow.to], port: flow.port };
  const result = lab.send({
    ns: places[flow.from],
    uid: USERS[flow.user],
    protocol: flow.protocol,
    to,
    ...(flow.passthrough === true ? { source: addresses.passthrough } : {}),
  });
  const redirected = / proxy :/.test(flow.expected) && flow.protocol === "tcp";
  const target = formatEndpoint(to);
  const original = result.original === undefined ? undefined : formatEndpoint(result.original);
  return {
    flow: flow.name,
    to: target,
    expected: flow.expected,
    seen: describe(result, redirected && original !== target ? original : undefined),
    ok: result.listener === flow.expected && result.answered !== false &&
      (!redirected || original === target),
  };
}

function describe(result: FlowResult, original: string | undefined): string {
  if (result.listener === undefined) return result.outcome;
  const notes = [
    original === undefined ? "" : `as if it had been for ${original}`,
    result.answered === false ? "but its answer did not come back" : "",
  ].filter((note) => note !== "");
  return [result.listener, ...notes].join(", ");
}

const LONGEST_SEEN = 22;

/**
 * The table as text, a line a row after two lines of head, within 80 columns; what was expected instead, and all
 * that was seen, follow a wrong row. Green and red where `colour` is set.
 */
export function formatRows(rows: readonly Row[], colour: boolean): string {
  const head = { flow: "who calls whom", to: "address", seen: "who got it", verdict: "" };
  const lines = rows.map(({ flow, to, seen, ok }) => ({
    flow,
    to,
    seen: ok ? seen : seen.slice(0, LONGEST_SEEN),
    verdict: ok ? "ok" : "WRONG",
  }));
  const width = (column: "flow" | "to" | "seen") =>
    Math.max(...[head, ...lines].map((line) => line[column].length));
  const format = ({ flow, to, seen, verdict }: typeof head) =>
    `${flow.padEnd(width("flow"))}  ${to.padEnd(width("to"))}  ${
      seen.padEnd(width("seen"))
    }  ${verdict}`
      .trimEnd();
  const rule = (["flow", "to", "seen"] as const).map((column) => "─".repeat(width(column)));
  const texts = [format(head), rule.join("  ")];
  lines.forEach((line, index) => {
    texts.push(format(line));
    const row = rows[index];
    if (row?.ok === false) texts.push(`  expected: ${row.expected}`, `  seen: ${row.seen}`);
  });
  if (!colour) return texts.join("\n");
  return texts.map((text) =>
    text.replace(/ {2}ok$/, "  \x1b[32mok\x1b[0m").replace(/WRONG$/, "\x1b[31mWRONG\x1b[0m")
  ).join("\n");
}

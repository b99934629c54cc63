import type { Family } from "core/proxy/resolved.ts";
import { formatEndpoint } from "tests/support/traffic/endpoint.ts";
import type { FlowResult, Lab } from "tests/support/traffic/lab.ts";
import { ADDRESSES, type DemoFlow, type Places, USERS } from "./flows.ts";

/** One line of the demo's table. */
export interface Row {
  readonly flow: string;
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
    flow: `${family === "ipv4" ? "IPv4" : "IPv6"} ${flow.name} → ${target}`,
    expected: flow.expected,
    seen: describe(result, redirected ? original : undefined),
    ok: result.listener === flow.expected && result.answered !== false &&
      (!redirected || original === target),
  };
}

function describe(result: FlowResult, original: string | undefined): string {
  if (result.listener === undefined) return result.outcome;
  const notes = [
    original === undefined ? "" : `was for ${original}`,
    result.answered === false ? "but its answer did not come back" : "",
  ].filter((note) => note !== "");
  return [result.listener, ...notes].join(", ");
}

/** The table as text, one line a row after two lines of head; green and red where `colour` is set. */
export function formatRows(rows: readonly Row[], colour: boolean): string {
  const lines = [
    ["flow", "expected", "seen", "verdict"],
    ...rows.map(({ flow, expected, seen, ok }) => [flow, expected, seen, ok ? "ok" : "WRONG"]),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  );
  const texts = lines.map((line) =>
    line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()
  );
  texts.splice(1, 0, widths.map((width) => "─".repeat(width)).join("  "));
  if (!colour) return texts.join("\n");
  return texts.map((text) =>
    text.replace(/ok$/, "\x1b[32mok\x1b[0m").replace(/WRONG$/, "\x1b[31mWRONG\x1b[0m")
  ).join("\n");
}

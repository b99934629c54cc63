/**
 * Pages of metrics, as the programs serve them, held against the table of metrics and against Prometheus' own tool.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { MetricDefinition } from "core/metrics/metrics.ts";
import { type MeteredProgram, PROGRAM_METRICS } from "core/metrics/tables.ts";
import { run } from "./processes.ts";
import { has } from "./requires.ts";

/**
 * Steps of a test that look at a page of a running program: all that is on it is in the table with this type and these
 * labels, and promtool has nothing to say. Without promtool the second is skipped by name, or fails where `CI=true`.
 */
export async function metricsSteps(
  t: Deno.TestContext,
  program: MeteredProgram,
  page: string,
): Promise<void> {
  await t.step(`the metrics of ${program} are those of the table`, () => declared(program, page));
  const lacking = !has("promtool") && Deno.env.get("CI") !== "true";
  await t.step({
    name: `promtool finds nothing in them${lacking ? " [needs: promtool]" : ""}`,
    ignore: lacking,
    fn: async () => {
      const { code, stdout, stderr } = await run("promtool", ["check", "metrics"], { stdin: page });
      assert.deepEqual([code, stdout, stderr], [0, "", ""]);
    },
  });
}

const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="(?:[^"\\]|\\.)*"/g;

function declared(program: MeteredProgram, page: string): void {
  const table: Readonly<Record<string, MetricDefinition>> = PROGRAM_METRICS[program];
  let current = "";
  let series = 0;
  for (const line of page.trimEnd().split("\n")) {
    const [, kind, name = "", rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    const definition = table[kind === undefined ? current : name];
    assert.ok(definition !== undefined, line);
    if (kind !== undefined) {
      current = name;
      assert.equal(rest, kind === "TYPE" ? definition.type : definition.help, line);
      continue;
    }
    const [, full = "", labels = ""] = SERIES.exec(line) ?? [];
    const suffix = full.slice(current.length);
    const suffixes = definition.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    assert.ok(full.startsWith(current) && suffixes.includes(suffix), line);
    const there = [...labels.matchAll(LABEL)].map(([, label]) => label);
    const wanted = Object.keys(definition.labels ?? {}).concat(suffix === "_bucket" ? ["le"] : []);
    assert.deepEqual(there.toSorted(), wanted.toSorted(), line);
    series++;
  }
  assert.ok(series > 0, "the page has no series");
}

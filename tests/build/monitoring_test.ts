import assert from "node:assert/strict";
import { ALERTS } from "build/docs/monitoring/alerts.ts";
import { dashboardFile } from "build/docs/monitoring/dashboard.ts";
import { rulesFile, ruleTests } from "build/docs/monitoring/rules.ts";
import { run, withTempDir } from "build/io.ts";
import { PROGRAM_METRICS } from "core/metrics/tables.ts";
import { stringify } from "core/proxy/yaml_library.ts";
import { requires } from "tests/support/requires.ts";

const test = requires("promtool");

/** Runs promtool with files in a folder of their own; gives what it wrote. */
async function promtool(words: string[], files: Record<string, string>): Promise<string> {
  return await withTempDir(async (cwd) => {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${cwd}/${name}`, text);
    }
    const { code, stdout, stderr } = await run("promtool", words, { cwd });
    assert.equal(code, 0, `${stdout}${stderr}`);
    return stdout;
  });
}

test("Prometheus takes the alert rules", async () => {
  const [name, rules] = rulesFile();
  const count = Object.values(ALERTS).flat().length;
  const said = await promtool(["check", "rules", name], { [name]: rules });
  assert.match(said, new RegExp(`SUCCESS: ${count} rules found`));
});

test("each alert fires in the state that it is for, and not in a healthy one", async () => {
  const [name, rules] = rulesFile();
  await promtool(["test", "rules", "tests.yaml"], {
    [name]: rules,
    "tests.yaml": ruleTests(name),
  });
});

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly description?: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

test("the dashboard has a panel for each metric, and each expression of it is PromQL", async () => {
  const [, text] = dashboardFile();
  const { panels } = JSON.parse(text) as Dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const charts = panels.filter(({ type }) => type !== "row");
  const names = Object.values(PROGRAM_METRICS).flatMap((metrics) => Object.keys(metrics));
  assert.deepEqual(charts.map(({ description }) => description), names);
  const rules = charts.flatMap(({ targets = [] }, panel) =>
    targets.map(({ expr }, at) => ({
      record: `panel:${panel}:${at}`,
      // As Grafana fills them in.
      expr: expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "5m"),
    }))
  );
  assert.ok(rules.length >= names.length && rules.every(({ expr }) => !expr.includes("$")));
  const file = stringify({ groups: [{ name: "dashboard", rules }] });
  const said = await promtool(["check", "rules", "rules.yaml"], { "rules.yaml": file });
  assert.match(said, new RegExp(`SUCCESS: ${rules.length} rules found`));
});

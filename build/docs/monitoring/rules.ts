/**
 * Alert rules as Prometheus reads them, and the cases that `promtool test rules` tries them with.
 *
 * @module
 */
import { stringify } from "core/proxy/yaml_library.ts";
import { type Alert, ALERTS } from "./alerts.ts";

const FILE = "kuma-node-tooling.rules.yaml";

/** The file of rules: its name, and its text. */
export function rulesFile(): [name: string, text: string] {
  const groups = Object.entries(ALERTS).map(([program, alerts]) => ({
    name: program,
    rules: alerts.map((alert) => ({
      alert: alert.name,
      expr: alert.expr,
      for: alert.for,
      labels: { severity: alert.severity },
      annotations: annotationsOf(alert),
    })),
  }));
  const head =
    "# Alerts for Prometheus (rule_files). Written by `deno task docs`; docs/metrics.md says what each means.\n";
  return [FILE, `${head}${yaml({ groups })}`];
}

/**
 * Cases for `promtool test rules`: each alert fires with its example, and does not while the same series are healthy.
 *
 * @param rules path of the file of rules
 */
export function ruleTests(rules: string): string {
  const tests = Object.values(ALERTS).flat().flatMap((alert) => {
    const { name, example: { series, at, labels }, severity } = alert;
    const one = (values: "fires" | "healthy", expected: object[]) => ({
      name: `${name} ${values}`,
      interval: "1m",
      input_series: series.map((one) => ({ series: one.series, values: one[values] })),
      alert_rule_test: [{ eval_time: at, alertname: name, exp_alerts: expected }],
    });
    return [
      one("fires", [{ exp_labels: { severity, ...labels }, exp_annotations: filled(alert) }]),
      one("healthy", []),
    ];
  });
  return yaml({ rule_files: [rules], evaluation_interval: "1m", tests });
}

function annotationsOf({ summary, todo }: Alert) {
  return { summary, description: todo };
}

/** Annotations with the labels of the example; a value of a series is what the example says it is. */
function filled(alert: Alert) {
  const { labels, value = "" } = alert.example;
  const summary = alert.summary
    .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? "")
    .replace("{{ $value }}", value);
  return annotationsOf({ ...alert, summary });
}

function yaml(value: object): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

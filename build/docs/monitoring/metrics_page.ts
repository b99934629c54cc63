/**
 * docs/metrics.md: every metric of every program, and every alert.
 *
 * @module
 */
import type { MetricDefinition } from "core/metrics/metrics.ts";
import { PROGRAM_METRICS } from "core/metrics/tables.ts";
import { type Alert, ALERTS } from "./alerts.ts";
import { logsSection } from "./logs.ts";

/** Where each program serves them. */
const PAGES: Readonly<Record<keyof typeof PROGRAM_METRICS, string>> = {
  "install-cni": "on port 8000 of each node's pod (`CNI_HTTP_PORT`)",
  "kuma-webhook":
    "by HTTPS on the webhook's own port, for whom the API server allows it ([docs/webhook.md](webhook.md))",
  "kuma-controller": "on port 8080 of each replica (`--port`)",
  "kuma-ebpf-loader": "on port 8001 of each node's pod (`--port`), while `run` runs",
};

const HEAD = `# Metrics, dashboard, alerts and logs

Every metric of every program, in Prometheus' text format at \`/metrics\`. This page, the dashboard and the alerts are written by
\`deno task docs\` from the tables that the programs count by (\`core/metrics\`), so none of them names a metric that is not there.

- **Dashboard**: import [kuma-node-tooling.dashboard.json](monitoring/kuma-node-tooling.dashboard.json) into Grafana: a row for each program,
  a panel for each metric.
- **Alerts**: name [kuma-node-tooling.rules.yaml](monitoring/kuma-node-tooling.rules.yaml) in \`rule_files\` of Prometheus. \`critical\`: pods do not
  start, or start without interception; \`warning\`: they will, if nobody looks.

Rates and aggregations assume the label \`instance\`, which Prometheus gives every target by itself. \`kumactl\` and \`kuma-cni\` serve no metrics:
install-cni counts the plugin's calls on its node.
`;

/** The text of the page. */
export function metricsPage(): string {
  const programs = Object.entries(PROGRAM_METRICS) as [
    keyof typeof PAGES,
    typeof PROGRAM_METRICS[keyof typeof PAGES],
  ][];
  return [
    HEAD,
    ...programs.flatMap(([program, metrics]) => [
      `## ${program}`,
      "",
      `It serves them ${PAGES[program]}.`,
      "",
      "| Metric | Type | Unit | Labels | |",
      "|---|---|---|---|---|",
      ...Object.entries<MetricDefinition>(metrics).map(metricRow),
      "",
    ]),
    logsSection(),
    "## Alerts",
    "",
    ...Object.values(ALERTS).flat().flatMap(alertSection),
  ].join("\n").replace(/\n+$/, "\n");
}

const UNITS: Readonly<Record<MetricDefinition["unit"], string>> = {
  count: "",
  seconds: "seconds",
  boolean: "0 or 1",
  timestamp: "seconds since 1970",
};

function metricRow([name, definition]: [string, MetricDefinition]): string {
  const { type, unit, labels = {}, help } = definition;
  const listed = Object.entries(labels).map(([label, says]) => `\`${label}\`: ${says}`).join(
    "<br>",
  );
  return `| \`${name}\` | ${type} | ${UNITS[unit]} | ${listed} | ${help} |`;
}

function alertSection({ name, severity, expr, for: duration, summary, todo }: Alert): string[] {
  const text = summary.replace(/\{\{ \$labels\.(\w+) \}\}/g, "*$1*").replace(
    "{{ $value }}",
    "*so many*",
  );
  const lasting = duration === "0m" ? "" : `, for ${duration}`;
  return [
    `### ${name}`,
    "",
    `**${text}** (${severity}${lasting}). ${todo}`,
    "",
    "```promql",
    expr,
    "```",
    "",
  ];
}

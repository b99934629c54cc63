/**
 * The dashboard for Grafana: a row for each program, a panel for each of its metrics. It is built with Grafana's own library,
 * so that its model is Grafana's.
 *
 * @module
 */
import { VizLegendOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { MetricDefinition } from "core/metrics/metrics.ts";
import { PROGRAM_METRICS } from "core/metrics/tables.ts";
import { panelOf } from "./queries.ts";

const FILE = "kuma-node-tooling.dashboard.json";
const SOURCE = { type: "prometheus", uid: "${datasource}" };
/** Three panels beside each other fill the 24 columns. */
const SIZE = { width: 8, height: 7 };

/** The file of the dashboard: its name, and its text. */
export function dashboardFile(): [name: string, text: string] {
  return [FILE, `${JSON.stringify(dashboard().build(), undefined, 2)}\n`];
}

function dashboard(): DashboardBuilder {
  const builder = new DashboardBuilder("Kuma node tooling")
    .uid("kuma-node-tooling")
    .description("Every metric of install-cni, kuma-webhook, kuma-controller and kuma-ebpf-loader")
    .tags(["kuma"])
    .refresh("1m")
    .time({ from: "now-6h", to: "now" })
    .withVariable(
      new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"),
    )
    .withVariable(
      new QueryVariableBuilder("instance").label("Instance").datasource(SOURCE)
        .query('label_values({__name__=~"kuma_.*"}, instance)')
        .refresh(VariableRefresh.OnTimeRangeChanged).multi(true).includeAll(true).allValue(".*"),
    );
  let id = 0;
  for (const [program, metrics] of Object.entries(PROGRAM_METRICS)) {
    builder.withRow(new RowBuilder(program).id(++id));
    for (const [name, definition] of Object.entries<MetricDefinition>(metrics)) {
      builder.withPanel(panel(name, definition).id(++id));
    }
  }
  return builder;
}

function panel(name: string, definition: MetricDefinition): PanelBuilder {
  const { queries, unit } = panelOf(name, definition);
  const builder = new PanelBuilder()
    .title(definition.help.replace(/\.$/, ""))
    .description(name)
    .unit(unit)
    .min(0)
    .span(SIZE.width)
    .height(SIZE.height)
    .legend(new VizLegendOptionsBuilder().showLegend(true))
    .datasource(SOURCE);
  for (const [at, { expr, legend }] of queries.entries()) {
    const refId = String.fromCharCode("A".charCodeAt(0) + at);
    builder.withTarget(new DataqueryBuilder().refId(refId).expr(expr).legendFormat(legend));
  }
  return builder;
}

import assert from "node:assert/strict";
import { Metrics } from "./metrics.ts";

Deno.test("counters, gauges and histograms in Prometheus' text", () => {
  const metrics = new Metrics();
  metrics.add("kuma_cni_heals_total", { what: "chain" });
  metrics.add("kuma_cni_heals_total", { what: "chain" }, 2);
  metrics.set("kuma_cni_install_ready", 1);
  metrics.add("kuma_cni_log_lines_total", { level: `a"\\\n` });
  const labels = { verb: "ADD", outcome: "done" };
  metrics.observe("kuma_cni_plugin_call_duration_seconds", 0.08, labels);
  metrics.observe("kuma_cni_plugin_call_duration_seconds", 99, labels);
  const lines = metrics.page().split("\n");
  const expected = [
    "# TYPE kuma_cni_heals_total counter",
    `kuma_cni_heals_total{what="chain"} 3`,
    "kuma_cni_install_ready 1",
    `kuma_cni_log_lines_total{level="a\\"\\\\\\n"} 1`,
    `kuma_cni_plugin_call_duration_seconds_bucket{outcome="done",verb="ADD",le="0.05"} 0`,
    `kuma_cni_plugin_call_duration_seconds_bucket{outcome="done",verb="ADD",le="0.1"} 1`,
    `kuma_cni_plugin_call_duration_seconds_bucket{outcome="done",verb="ADD",le="+Inf"} 2`,
    `kuma_cni_plugin_call_duration_seconds_sum{outcome="done",verb="ADD"} 99.08`,
    `kuma_cni_plugin_call_duration_seconds_count{outcome="done",verb="ADD"} 2`,
  ];
  for (const line of expected) assert.ok(lines.includes(line), line);
  assert.match(metrics.page(), /^(# (HELP|TYPE) .+|[a-z_]+(\{.*\})? [-+.e0-9]+|)(\n|$)/);
});

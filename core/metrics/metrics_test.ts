import assert from "node:assert/strict";
import { MetricSet } from "./metrics.ts";

const fresh = () =>
  new MetricSet({
    calls_total: { type: "counter", unit: "count", help: "Calls.", labels: { a: "", b: "" } },
    falls_total: { type: "counter", unit: "count", help: "Falls." },
    up: { type: "gauge", unit: "count", help: "A\nB" },
    there: { type: "gauge", unit: "boolean", help: "There.", labels: { path: "" } },
    took_seconds: {
      type: "histogram",
      unit: "seconds",
      help: "Time.",
      labels: { path: "" },
      buckets: [0.1, 1],
    },
  });

Deno.test("a page without a value shows every metric's help and type, and a 0 where no label lacks", () => {
  assert.equal(
    fresh().page(),
    "# HELP calls_total Calls.\n# TYPE calls_total counter\n" +
      "# HELP falls_total Falls.\n# TYPE falls_total counter\nfalls_total 0\n" +
      "# HELP up A\\nB\n# TYPE up gauge\n" +
      "# HELP there There.\n# TYPE there gauge\n" +
      "# HELP took_seconds Time.\n# TYPE took_seconds histogram\n",
  );
});

Deno.test("one set of labels is one series, in whatever order it is given", () => {
  const metrics = fresh();
  metrics.add("calls_total", { a: "1", b: "2" });
  metrics.add("calls_total", { b: "2", a: "1" }, 2);
  assert.equal(metrics.value("calls_total", { a: "1", b: "2" }), 3);
  assert.match(metrics.page(), /^calls_total\{a="1",b="2"\} 3$/m);
});

Deno.test("label values are escaped", () => {
  const metrics = fresh();
  metrics.set("there", 1, { path: 'a"b\\c\nd' });
  assert.match(metrics.page(), /^there\{path="a\\"b\\\\c\\nd"\} 1$/m);
});

Deno.test("the buckets of a histogram count all below their bound", () => {
  const metrics = fresh();
  for (const value of [0.1, 0.05, 0.5, 7]) metrics.observe("took_seconds", value, { path: "/x" });
  const lines = metrics.page().split("\n").filter((line) => line.startsWith("took"));
  assert.deepEqual(lines, [
    'took_seconds_bucket{path="/x",le="0.1"} 2',
    'took_seconds_bucket{path="/x",le="1"} 3',
    'took_seconds_bucket{path="/x",le="+Inf"} 4',
    'took_seconds_sum{path="/x"} 7.65',
    'took_seconds_count{path="/x"} 4',
  ]);
});

Deno.test("gauges may be set when a page is asked for", () => {
  const metrics = fresh();
  metrics.onPage(() => metrics.set("up", 5));
  assert.match(metrics.page(), /^up 5$/m);
});

Deno.test("only histograms are observed", () => {
  assert.throws(() => fresh().observe("up", 1), TypeError);
});

Deno.test("what the table does not have, or a label that lacks, does not compile", () => {
  const metrics = fresh();
  // @ts-expect-error: no metric of this name
  metrics.add("other_total");
  // @ts-expect-error: its label b is missing
  metrics.add("calls_total", { a: "1" });
  // @ts-expect-error: it has no label c
  metrics.add("calls_total", { a: "1", b: "2", c: "3" });
  // @ts-expect-error: it has labels
  metrics.set("there", 1);
  // @ts-expect-error: it has none
  metrics.set("up", 1, { path: "/" });
});

import assert from "node:assert/strict";
import { isSource, sourcesBelow } from "tests/support/sources.ts";
import type { MetricDefinition } from "./metrics.ts";
import { PROGRAM_METRICS } from "./tables.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** Where the sources of each program are that write its metrics. */
const SOURCES = {
  "install-cni": "installer",
  "kuma-webhook": "webhook",
  "kuma-controller": "controller",
  "kuma-ebpf-loader": "ebpf-loader",
} as const;

Deno.test("names, units and types of metrics go together as Prometheus recommends", () => {
  for (const metrics of Object.values(PROGRAM_METRICS)) {
    for (const [name, { type, unit }] of Object.entries<MetricDefinition>(metrics)) {
      assert.equal(name.endsWith("_total"), type === "counter", name);
      assert.equal(name.endsWith("_timestamp_seconds"), unit === "timestamp", name);
      const seconds = unit === "seconds" || unit === "timestamp";
      assert.equal(name.endsWith("_seconds"), seconds, name);
    }
  }
});

Deno.test("the help of a metric is one sentence, and so short that it titles a panel", () => {
  for (const metrics of Object.values(PROGRAM_METRICS)) {
    for (const [name, { help, labels = {} }] of Object.entries<MetricDefinition>(metrics)) {
      assert.match(help, /^[A-Z0-9][^\n|]{4,80}\.$/, name);
      for (const says of Object.values(labels)) assert.match(says, /^[^\n|]+[^.]$/, name);
    }
  }
});

Deno.test("each metric is counted by a source of its program, and no source declares one of its own", () => {
  for (const [program, metrics] of Object.entries(PROGRAM_METRICS)) {
    const text = sourcesBelow(`${ROOT}${SOURCES[program as keyof typeof SOURCES]}`, isSource);
    for (const name of Object.keys(metrics)) {
      assert.ok(text.includes(`"${name}"`), `${name} is in no source of ${program}`);
    }
    assert.doesNotMatch(text, /type: "(counter|gauge|histogram)"/);
  }
});

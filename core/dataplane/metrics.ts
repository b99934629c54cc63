/**
 * `metrics`: where Prometheus finds a pod's figures, by its annotations.
 *
 * @module
 */
import { ANNOTATIONS, PROMETHEUS_AGGREGATE_PREFIX } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { AnnotationReader } from "./annotation_reader.ts";
import type { Texts } from "./facts.ts";
import { withoutZeros } from "./zeros.ts";

const DEFAULT_PATH = "/metrics";
/** An application's name is as long as possible: `a-port-port` is the port of `a-port`. */
const APPLICATION = /^([A-Za-z0-9-]+)-(port|path|enabled)$/;

/** The section; undefined where no annotation speaks of it. Applications are sorted by name. */
export function metrics(annotations: Texts, reader: AnnotationReader): JsonObject | undefined {
  const path = reader.text(ANNOTATIONS.prometheusPath);
  const port = reader.port(ANNOTATIONS.prometheusPort);
  const aggregate = applications(annotations).map((name) => application(name, reader));
  const spoken = path !== undefined || aggregate.length > 0 ||
    reader.text(ANNOTATIONS.prometheusPort) !== undefined;
  return spoken ? { type: "prometheus", conf: withoutZeros({ path, port, aggregate }) } : undefined;
}

function applications(annotations: Texts): string[] {
  const names = Object.keys(annotations).flatMap((key) => {
    if (!key.startsWith(PROMETHEUS_AGGREGATE_PREFIX)) return [];
    const name = APPLICATION.exec(key.slice(PROMETHEUS_AGGREGATE_PREFIX.length))?.[1];
    return name === undefined ? [] : [name];
  });
  return [...new Set(names)].sort();
}

function application(name: string, reader: AnnotationReader): JsonObject {
  const of = (what: string) => `${PROMETHEUS_AGGREGATE_PREFIX}${name}-${what}`;
  const enabled = reader.switch(of("enabled")) ?? true;
  const port = enabled ? reader.requiredPort(of("port")) : reader.port(of("port"));
  return {
    ...withoutZeros({
      name,
      path: reader.text(of("path")) ?? DEFAULT_PATH,
      address: reader.text(of("address")),
      port,
    }),
    // A wrapper type in Kuma's object: its false is no zero value.
    enabled,
  };
}

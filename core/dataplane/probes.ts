/**
 * `probes`: the virtual probes of a pod. The injector has turned the containers' probes to one port; here each
 * is told where it once went.
 *
 * @module
 */
import { ANNOTATIONS, CONTAINERS } from "core/kube/annotations.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { AnnotationReader } from "./annotation_reader.ts";
import type { PodFacts, ProbeFacts } from "./facts.ts";
import { type Problems, shown } from "./problems.ts";

/** The section; undefined where virtual probes are off. */
export function probes(
  pod: PodFacts,
  reader: AnnotationReader,
  problems: Problems,
): JsonObject | undefined {
  if (reader.switch(ANNOTATIONS.virtualProbes) !== true) return undefined;
  const port = reader.requiredPort(ANNOTATIONS.virtualProbesPort);
  const proxyPort = reader.port(ANNOTATIONS.applicationProbeProxyPort) ?? 0;
  if (port === undefined) return undefined;
  const application = pod.containers.filter(({ name }) => name !== CONTAINERS.sidecar);
  const endpoints = [...pod.lateSidecars, ...application].flatMap((container) =>
    container.probes.flatMap((probe) => {
      const field = `container ${container.name} ${probe.kind}.httpGet`;
      const virtual = probe.port === port || proxyPort > 0 && probe.port === proxyPort;
      if (virtual) return endpoint(probe, field, problems);
      problems.add(`${field}.port`, `${shown(probe.port)} is not the port of virtual probes`);
      return [];
    })
  );
  return { port, ...(endpoints.length === 0 ? {} : { endpoints }) };
}

/** `/<port>/<path>` as the injector writes it; `/tcp/…` and `/grpc/…` are answered by the probe proxy alone. */
function endpoint({ path }: ProbeFacts, field: string, problems: Problems): JsonObject[] {
  const [before, first = "", ...rest] = path.split("/");
  if (before === "" && (first === "tcp" || first === "grpc")) return [];
  const inboundPort = /^[0-9]{1,5}$/.test(first) ? Number(first) : 0;
  if (before !== "" || inboundPort < 1 || inboundPort > 65_535) {
    problems.add(
      `${field}.path`,
      `${shown(path)} does not begin with a port, as the injector writes`,
    );
    return [];
  }
  return [{ inboundPort, inboundPath: `/${rest.join("/")}`, path }];
}

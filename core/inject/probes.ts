/**
 * The application's probes, rewritten so that the kubelet reaches them in spite of mutual TLS: through
 * kuma-dp's probe proxy, or (deprecated) through a listener of Envoy.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { ProbeOptions } from "./probe_options.ts";

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;

/** The containers of a pod after injection. */
interface Containers {
  readonly containers: readonly JsonObject[];
  readonly initContainers: readonly JsonObject[];
}

/** The same lists with rewritten probes, and what could not be rewritten. */
export interface RewrittenProbes {
  readonly containers: JsonObject[];
  readonly initContainers: JsonObject[];
  readonly warnings: string[];
}

/**
 * Rewrites the probes of every application container, and of native sidecars that start after ours.
 * Throws `KUMA-WH-007` for a probe on the port that the mechanism needs.
 */
export function rewriteProbes(pod: Containers, options: ProbeOptions): RewrittenProbes {
  const warnings: string[] = [];
  const rewrite = (container: JsonObject) => rewriteContainer(container, options, warnings);
  const ours = pod.initContainers.findIndex((one) => one.name === CONTAINERS.sidecar);
  return {
    containers: pod.containers.map((one) => one.name === CONTAINERS.sidecar ? one : rewrite(one)),
    initContainers: pod.initContainers.map((one, at) =>
      ours >= 0 && at > ours && one.restartPolicy === "Always" ? rewrite(one) : one
    ),
    warnings,
  };
}

function rewriteContainer(
  container: JsonObject,
  options: ProbeOptions,
  warnings: string[],
): JsonObject {
  const result = { ...container };
  for (const field of PROBES) {
    const probe = container[field];
    if (!isObject(probe)) continue;
    const rewritten = rewriteProbe(probe, container, options);
    if (rewritten === "unknown port") {
      warnings.push(
        `${field} of container ${JSON.stringify(container.name)} names a port that the container ` +
          "does not have: left as it is",
      );
    } else if (rewritten !== undefined) result[field] = rewritten;
  }
  return result;
}

function rewriteProbe(
  probe: JsonObject,
  container: JsonObject,
  options: ProbeOptions,
): JsonObject | "unknown port" | undefined {
  const kind = (["httpGet", "tcpSocket", "grpc"] as const).find((name) => isObject(probe[name]));
  if (kind === undefined) return undefined;
  const handler = probe[kind] as JsonObject;
  // It asks another host, whose answer is not the pod's.
  if (typeof handler.host === "string" && handler.host !== "") return undefined;
  const { proxyPort, virtualProbes, virtualProbesPort } = options;
  const reserved = proxyPort > 0
    ? proxyPort
    : virtualProbes && kind === "httpGet"
    ? virtualProbesPort
    : 0;
  if (reserved === 0) return undefined;
  const port = portNumber(handler.port, container);
  if (port === undefined) return "unknown port";
  if (port === reserved) throw reservedPort(port);
  if (proxyPort === 0) {
    return { ...probe, httpGet: { ...handler, port: reserved, path: nested(port, handler.path) } };
  }
  const { [kind]: _, ...rest } = probe;
  return { ...rest, httpGet: proxied(kind, handler, port, proxyPort, probe.timeoutSeconds) };
}

function proxied(
  kind: "httpGet" | "tcpSocket" | "grpc",
  handler: JsonObject,
  port: number,
  proxyPort: number,
  timeout: Json | undefined,
): JsonObject {
  const headers = kind === "httpGet" ? httpHeaders(handler) : [];
  const add = (name: string, value: string) => headers.push({ name, value });
  if (typeof timeout === "number" && timeout > 1) add("X-Kuma-Probes-Timeout", String(timeout));
  if (kind === "grpc" && typeof handler.service === "string" && handler.service !== "") {
    add("X-Kuma-Probes-GRPC-Service", handler.service);
  }
  const path = kind === "httpGet"
    ? nested(port, handler.path)
    : `/${kind === "grpc" ? "grpc" : "tcp"}/${port}`;
  return {
    port: proxyPort,
    path,
    ...(headers.length > 0 ? { httpHeaders: headers } : {}),
  };
}

/**
 * The original headers; the proxy needs `Host` for itself and finds the original under another name. As for the
 * kubelet, its letters' case says nothing and the first one counts.
 */
function httpHeaders(handler: JsonObject): JsonObject[] {
  const all = objectsIn(handler.httpHeaders);
  const first = all.find(isHost);
  const headers = all.filter((header) => header === first || !isHost(header)).map((header) =>
    header === first ? { ...header, name: "X-Kuma-Probes-Host" } : { ...header }
  );
  const { scheme } = handler;
  if (typeof scheme === "string" && scheme !== "" && scheme !== "HTTP") {
    headers.push({ name: "X-Kuma-Probes-Scheme", value: scheme });
  }
  return headers;
}

function isHost({ name }: JsonObject): boolean {
  return typeof name === "string" && name.toLowerCase() === "host";
}

function nested(port: number, path: Json | undefined): string {
  const text = typeof path === "string" ? path : "";
  return `/${port}${text.startsWith("/") ? text : `/${text}`}`;
}

/** A number, a text that is one, or the name of a port of the same container. */
function portNumber(port: Json | undefined, container: JsonObject): number | undefined {
  if (typeof port === "number") return port;
  if (typeof port !== "string") return undefined;
  if (/^[0-9]{1,5}$/.test(port)) return Number(port);
  const named = objectsIn(container.ports).find((one) => one.name === port)?.containerPort;
  return typeof named === "number" ? named : undefined;
}

function reservedPort(port: number): KumaError {
  return new KumaError(
    "KUMA-WH-007",
    // deno-lint-ignore house/error-text -- Kuma 2.9's own words
    `cannot override Pod's probes. Port for probe cannot be set to ${port}. It is reserved for the ` +
      "dataplane that will serve pods without mTLS.",
  );
}

/**
 * The running webhook: informers, certificate, server, and an end without a failed request.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import {
  type ContainerSchema,
  containerSchemaFrom,
  shippedContainerSchema,
} from "core/patch/schema.ts";
import { isObject } from "core/patch/json.ts";
import type { PairSource } from "./certificates/file_pair.ts";
import { keepCertificate, pause } from "./certificates/keep.ts";
import type { KubeConnection } from "./cluster/connection.ts";
import { InformedCluster } from "./cluster/informed_cluster.ts";
import { knowsNativeSidecars } from "./cluster/version.ts";
import type { InjectionContext } from "./inject/context.ts";
import { createHandler } from "./server/handler.ts";
import { Metrics } from "./server/metrics.ts";
import { TlsGate } from "./server/tls_gate.ts";
import type { LoadedSettings } from "./settings/load.ts";

/** What the webhook runs with. */
export interface ServeOptions {
  readonly loaded: LoadedSettings;
  readonly connection: KubeConnection;
  readonly pairs: PairSource;
  readonly log: Logger;
  /** Fires when the webhook must end. */
  readonly signal: AbortSignal;
  /** How long requests are still served after that, for API servers to go elsewhere. */
  readonly drainMs: number;
  /** Told the port once the server listens. */
  readonly listening?: (port: number) => void;
}

/** What the API server itself says, read once. */
interface ServerFacts {
  readonly native: boolean;
  readonly schema: ContainerSchema;
}

/** Runs until the signal fires and everything is answered. */
export async function serve(options: ServeOptions): Promise<void> {
  const { loaded, connection, log, signal } = options;
  const { settings } = loaded;
  const caCert = settings.caCertFile === ""
    ? undefined
    : Deno.readTextFileSync(settings.caCertFile);
  const cluster = new InformedCluster(connection, settings, log);
  const metrics = new Metrics();
  const stop = new AbortController();
  let facts: ServerFacts | undefined;
  const context = (): InjectionContext => ({
    cluster,
    settings,
    origins: loaded.origins,
    caCert,
    serverHasNativeSidecars: facts?.native ?? false,
    schema: facts?.schema ?? shippedContainerSchema(),
  });
  const directory = await Deno.makeTempDir({ prefix: "kuma-webhook-" });
  const socket = `${directory}/http.sock`;
  const server = Deno.serve(
    { path: socket, onListen: () => {} },
    createHandler({
      context,
      waitingFor: () => [...facts === undefined ? ["version"] : [], ...cluster.waitingFor],
      draining: () => signal.aborted,
      metrics,
      renderMetrics: () => metrics.render(cluster.informers),
      log,
    }),
  );
  const hostname = settings.serverAddress === "" ? "0.0.0.0" : settings.serverAddress;
  const gate = new TlsGate({ hostname, port: settings.serverPort, socket, log });
  const informers = cluster.run(stop.signal);
  const facts_ = readFacts(connection, log, stop.signal).then((read) => facts = read);
  try {
    const kept = await keepCertificate({
      source: options.pairs,
      log,
      signal: stop.signal,
      use: (pair) => {
        gate.use(pair);
        metrics.reloads++;
      },
    });
    log.info("serving", { port: gate.port });
    options.listening?.(gate.port);
    await aborted(signal);
    await drained(gate, options);
    stop.abort();
    await Promise.all([kept.done, informers, facts_]);
  } finally {
    stop.abort();
    gate.close();
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
    log.info("ended");
  }
}

/**
 * Answers say `Connection: close` from now on, so that API servers come back over a new connection,
 * which leads them to another replica as soon as the Service knows.
 */
async function drained(gate: TlsGate, { log, drainMs }: ServeOptions): Promise<void> {
  log.info("draining", { ms: drainMs, connections: gate.connections });
  await pause(drainMs, new AbortController().signal);
}

/** Asks until the API server answers; what it cannot say has a safe default. */
async function readFacts(
  connection: KubeConnection,
  log: Logger,
  signal: AbortSignal,
): Promise<ServerFacts | undefined> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const version = await connection.json("/version");
      const { major = "", minor = "" } = isObject(version) ? version : {};
      return {
        native: knowsNativeSidecars({ major: String(major), minor: String(minor) }),
        schema: await readSchema(connection, log),
      };
    } catch (thrown) {
      log.warn("the API server's version is not known yet", { reason: errorText(thrown) });
      await pause(Math.min(30_000, 500 * 2 ** failures) * Math.random(), signal);
    }
  }
  return undefined;
}

async function readSchema(connection: KubeConnection, log: Logger): Promise<ContainerSchema> {
  try {
    return containerSchemaFrom(await connection.json("/openapi/v3/api/v1"));
  } catch (thrown) {
    log.warn("the shipped schema of Container is used", { reason: errorText(thrown) });
    return shippedContainerSchema();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

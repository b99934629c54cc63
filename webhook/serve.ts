/**
 * The running webhook: informers, certificate, server, and an end without a failed request.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import {
  type ContainerSchema,
  containerSchemaFrom,
  shippedContainerSchema,
} from "core/patch/schema.ts";
import { backoffMs } from "core/time/backoff.ts";
import { delay } from "core/time/clock.ts";
import type { PairSource } from "./certificates/file_pair.ts";
import { keepCertificate } from "./certificates/keep.ts";
import type { KubeClient } from "core/cluster/client.ts";
import { InformedCluster, NEWS_MS } from "./cluster/informed_cluster.ts";
import { knowsNativeSidecars } from "core/cluster/version.ts";
import type { InjectionContext } from "core/inject/context.ts";
import { AccessReview } from "core/serve/access_review.ts";
import { limitLog } from "core/serve/limited_log.ts";
import { rehearse } from "./rehearsal.ts";
import type { CallerTokens } from "./server/caller_token.ts";
import type { Guard } from "./server/respond.ts";
import { startServer } from "./server/server.ts";
import type { LoadedSettings } from "core/inject/settings/load.ts";
import { webhookHandlers, webhookMetrics, webhookPages } from "./site.ts";

/** What the webhook runs with. */
export interface ServeOptions {
  readonly loaded: LoadedSettings;
  readonly connection: KubeClient;
  readonly pairs: PairSource;
  readonly log: Logger;
  /** What API servers have to send; absent, everybody may ask for reviews. */
  readonly callerTokens?: CallerTokens;
  /** Resolves when the webhook must end. */
  readonly ending: Promise<unknown>;
  /** How long requests are still served after that, for API servers to go elsewhere. */
  readonly drainMs: number;
}

/** What the API server itself says, read once. */
interface ServerFacts {
  readonly native: boolean;
  readonly schema: ContainerSchema;
}

/** Runs until it must end and everything is answered. */
export async function serve(options: ServeOptions): Promise<void> {
  const { loaded, connection, log } = options;
  const { settings } = loaded;
  const caCert = settings.caCertFile === ""
    ? undefined
    : Deno.readTextFileSync(settings.caCertFile);
  const cluster = new InformedCluster(connection, settings, log);
  const metrics = webhookMetrics(cluster.informers);
  const stop = new AbortController();
  const ended = new AbortController();
  let facts: ServerFacts | undefined;
  const contextWith = (known: ServerFacts | undefined): InjectionContext => ({
    cluster,
    settings,
    origins: loaded.origins,
    caCert,
    serverHasNativeSidecars: known?.native ?? false,
    schema: known?.schema ?? shippedContainerSchema(),
    patienceMs: NEWS_MS,
  });
  const site = {
    log: limitLog(log),
    meshes: cluster,
    waitingFor: () => [...facts === undefined ? ["version"] : [], ...cluster.waitingFor],
    context: () => contextWith(facts),
  };
  const informing = cluster.run(stop.signal);
  const asking = readFacts(connection, log, stop.signal).then(async (read) => {
    if (read !== undefined) await rehearsed(contextWith(read), log);
    facts = read;
  });
  try {
    void options.ending.then(() => ended.abort());
    const looking = AbortSignal.any([stop.signal, ended.signal]);
    const { first, trouble, follow } = await keepCertificate(options.pairs, log, looking);
    const server = startServer({
      hostname: settings.serverAddress,
      port: settings.serverPort,
      certificate: first,
      handlers: webhookHandlers(site),
      pages: webhookPages(site),
      guard: guardOf(connection, site.log),
      ...callersOf(options.callerTokens),
      notReady: () => notReady(site.waitingFor()) ?? trouble(),
      metrics,
      log,
    });
    metrics.add("kuma_webhook_certificate_loads_total");
    log.info("serving", { port: server.port });
    const following = follow((pair) => {
      server.setCertificate(pair);
      metrics.add("kuma_webhook_certificate_loads_total");
    });
    await options.ending;
    log.info("ending", { drainMs: options.drainMs });
    await server.shutdown({ noticeMs: options.drainMs });
    stop.abort();
    await following;
  } finally {
    stop.abort();
    await Promise.all([informing, asking]);
  }
}

/** Asks the API server about every token. */
function guardOf(connection: KubeClient, log: Logger): Guard {
  const ask = (path: string, body: JsonObject) => connection.json(path, { method: "POST", body });
  const review = new AccessReview(ask, { log });
  return ({ peer, headers, path, method }) =>
    review.refusal(peer, headers.get("authorization"), path, method.toLowerCase());
}

function callersOf(tokens: CallerTokens | undefined): { callers?: Guard } {
  if (tokens === undefined) return {};
  return {
    callers: ({ headers }) => Promise.resolve(tokens.refusal(headers.get("authorization") ?? null)),
  };
}

/** What goes wrong in a rehearsal keeps nobody from the performance. */
async function rehearsed(context: InjectionContext, log: Logger): Promise<void> {
  try {
    await rehearse(context);
  } catch (thrown) {
    log.warn("the first requests may be slow", { reason: errorText(thrown) });
  }
}

function notReady(missing: readonly string[]): string | undefined {
  return missing.length === 0 ? undefined : `it waits for ${missing.join(", ")}`;
}

/** Asks until the API server answers; what it cannot say has a safe default. */
async function readFacts(
  connection: KubeClient,
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
      await delay(backoffMs(failures + 1), { signal });
    }
  }
  return undefined;
}

async function readSchema(connection: KubeClient, log: Logger): Promise<ContainerSchema> {
  try {
    return containerSchemaFrom(await connection.json("/openapi/v3/api/v1"));
  } catch (thrown) {
    log.warn("the shipped schema of Container is used", { reason: errorText(thrown) });
    return shippedContainerSchema();
  }
}

/**
 * The paths of the admission server.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { injectSidecar } from "../admission/inject_sidecar.ts";
import {
  type AdmissionRequest,
  denied,
  readReview,
  reviewOf,
  type Verdict,
} from "../admission/review.ts";
import { validateResource, validateService } from "../admission/validate_resource.ts";
import { explainPod } from "../explain/explain.ts";
import type { InjectionContext } from "../inject/context.ts";
import { MAX_BODY, readBody } from "./body.ts";
import type { Metrics } from "./metrics.ts";

/** What the handler works with. */
export interface HandlerOptions {
  /** Asked for every request. */
  readonly context: () => InjectionContext;
  /** What is still missing before requests can be answered; empty when ready. */
  readonly waitingFor: () => readonly string[];
  /** True once the program is ending: clients are asked to go elsewhere. */
  readonly draining: () => boolean;
  readonly metrics: Metrics;
  readonly renderMetrics: () => string;
  readonly log: Logger;
}

type Webhook = (request: AdmissionRequest, options: HandlerOptions) => Verdict | Promise<Verdict>;

const WEBHOOKS: Readonly<Record<string, Webhook>> = {
  "/inject-sidecar": (request, { context, log }) => injectSidecar(request, context(), log),
  "/validate-kuma-io-v1alpha1": (request, { context }) => {
    const { settings, schema } = context();
    return validateResource(request, settings.systemNamespace, schema);
  },
  "/validate-v1-service": (request) => validateService(request),
};

/** The handler for `Deno.serve`. Never throws. */
export function createHandler(options: HandlerOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    let response: Response;
    try {
      response = await answer(request, pathname, options);
    } catch (thrown) {
      options.log.error("request failed", { path: pathname, reason: errorText(thrown) });
      response = text(500, "internal error, see the log of kuma-webhook");
    }
    if (options.draining()) response.headers.set("connection", "close");
    return response;
  };
}

async function answer(request: Request, path: string, options: HandlerOptions): Promise<Response> {
  if (path === "/healthz") return text(200, "ok");
  if (path === "/readyz") return ready(options);
  if (path === "/metrics") return text(200, options.renderMetrics());
  const webhook = Object.hasOwn(WEBHOOKS, path) ? WEBHOOKS[path] : undefined;
  if (webhook === undefined && path !== "/explain") return text(404, "there is nothing here");
  if (request.method !== "POST") return text(405, "use POST");
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") return text(415, "the body must be application/json");
  const body = await bodyOf(request);
  if (body instanceof Response) return body;
  const missing = options.waitingFor();
  if (missing.length > 0) return text(503, `not ready: waiting for ${missing.join(", ")}`);
  return webhook === undefined
    ? await explained(body, request.url, options)
    : await reviewed(body, path, webhook, options);
}

async function bodyOf(request: Request): Promise<string | Response> {
  try {
    return await readBody(request) ?? text(413, `the body is larger than ${MAX_BODY} bytes`);
  } catch (thrown) {
    if (thrown instanceof TypeError) return text(400, "the body is not UTF-8 or ended early");
    throw thrown;
  }
}

async function reviewed(
  body: string,
  path: string,
  webhook: Webhook,
  options: HandlerOptions,
): Promise<Response> {
  const started = performance.now();
  let request: AdmissionRequest;
  try {
    request = readReview(body);
  } catch (thrown) {
    if (!(thrown instanceof KumaError)) throw thrown;
    options.metrics.answered(path, "unreadable", performance.now() - started);
    return text(400, `${thrown.line} (${thrown.code})`);
  }
  const verdict = await verdictOf(request, webhook, options);
  const word = !verdict.allowed
    ? "denied"
    : (verdict.patch ?? []).length > 0
    ? "patched"
    : "allowed";
  options.metrics.answered(path, word, performance.now() - started);
  return json(reviewOf(request.uid, verdict));
}

/** A mistake of ours must not look like a verdict about the pod, nor show where it happened. */
async function verdictOf(
  request: AdmissionRequest,
  webhook: Webhook,
  options: HandlerOptions,
): Promise<Verdict> {
  try {
    return await webhook(request, options);
  } catch (thrown) {
    options.log.error("webhook failed", { uid: request.uid, reason: errorText(thrown) });
    return denied("kuma-webhook failed, its log says why", 500, "InternalError");
  }
}

/** A dry run: the pod of the body is explained, nothing is created. `?namespace=` names its namespace. */
async function explained(body: string, url: string, options: HandlerOptions): Promise<Response> {
  const namespace = new URL(url).searchParams.get("namespace") ?? "";
  try {
    return text(200, await explainPod(JSON.parse(body), namespace, options.context()));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return text(400, "the body is not JSON");
    throw thrown;
  }
}

function ready({ waitingFor, draining }: HandlerOptions): Response {
  if (draining()) return text(503, "ending");
  const missing = waitingFor();
  return missing.length === 0 ? text(200, "ok") : text(503, `waiting for ${missing.join(", ")}`);
}

function text(status: number, message: string): Response {
  return new Response(`${message.trimEnd()}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

function json(body: string): Response {
  return new Response(body, { headers: { "content-type": "application/json" } });
}

/**
 * From an HTTP request to its answer: the right path, a body that can be read, a verdict in every case.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { MetricSet } from "core/metrics/metrics.ts";
import {
  type AdmissionRequest,
  denied,
  readReview,
  reviewOf,
  type Verdict,
} from "../admission/review.ts";
import { MAX_BODY, readBody } from "core/serve/body.ts";
import type { Budget } from "core/serve/budget.ts";
import type { ServerMetric } from "core/serve/metrics.ts";
import type { Page } from "core/serve/operations.ts";

/** Webhooks by path. One that throws a `KumaError` denies with its line. */
export type Handlers = Readonly<
  Record<string, (request: AdmissionRequest) => Verdict | Promise<Verdict>>
>;

/** Pages by path: from a POST's body (limited, UTF-8) and its URL to an answer. */
export type Pages = Readonly<
  Record<string, (body: string, url: URL) => Response | Promise<Response>>
>;

/** All that requests are answered from. */
export interface Site {
  readonly handlers: Handlers;
  readonly pages: Pages;
  readonly operations: (url: URL) => Promise<Page | undefined>;
  readonly metrics: MetricSet<ServerMetric>;
  readonly log: Logger;
  readonly budget: Budget;
}

/** Answers one request; never rejects and never shows a stack. */
export async function respond(request: Request, site: Site): Promise<Response> {
  const started = performance.now();
  const url = URL.parse(request.url);
  if (url === null) {
    await request.body?.cancel();
    return text(400, "the Host header or the path makes no URL\n");
  }
  const path = url.pathname;
  const page = Object.hasOwn(site.pages, path) ? site.pages[path] : undefined;
  const handler = Object.hasOwn(site.handlers, path) ? site.handlers[path] : undefined;
  if (handler === undefined && page === undefined) {
    await request.body?.cancel();
    const found = await site.operations(url);
    return found === undefined
      ? text(404, "nothing is served at this path\n")
      : text(found.status, found.text, found.type);
  }
  const { outcome, response } = await withinBudget(
    request,
    site,
    () =>
      handler !== undefined
        ? review(request, path, handler, site)
        : show(request, url, page!, site),
  );
  site.metrics.add("kuma_webhook_requests_total", { path, outcome });
  const seconds = (performance.now() - started) / 1000;
  site.metrics.observe("kuma_webhook_request_duration_seconds", seconds, { path });
  return response;
}

/** Answers once there is room for the body, whose length may be unknown. */
async function withinBudget(
  request: Request,
  { budget, log }: Site,
  answer: () => Promise<Answer>,
): Promise<Answer> {
  const announced = Number(request.headers.get("content-length") ?? NaN);
  const length = Number.isSafeInteger(announced) ? announced : MAX_BODY;
  // A longer one is refused before it is read.
  const release = await budget.take(request.body === null || length > MAX_BODY ? 0 : length);
  if (release === undefined) {
    const why = "too many large requests at once";
    log.warn("request refused", { path: URL.parse(request.url)?.pathname, reason: why });
    await request.body?.cancel();
    return { outcome: "refused", response: text(503, `${why}\n`) };
  }
  try {
    return await answer();
  } finally {
    release();
  }
}

interface Answer {
  readonly outcome: string;
  readonly response: Response;
}

async function review(
  request: Request,
  path: string,
  handler: Handlers[string],
  site: Site,
): Promise<Answer> {
  const malformed = (status: number, why: string): Answer => {
    site.log.warn("malformed request", { path, status, reason: why });
    return { outcome: "malformed", response: text(status, `${why}\n`) };
  };
  const refused = await refusal(request, true);
  if (refused !== undefined) return malformed(refused.status, refused.why);
  const body = await readBody(request);
  if (!("text" in body)) return malformed(body.status, body.why);
  let admission: AdmissionRequest;
  try {
    admission = readReview(body.text);
  } catch (error) {
    return malformed(400, errorText(error));
  }
  const [outcome, verdict] = await judge(admission, path, handler, site.log);
  return { outcome, response: json(reviewOf(admission.uid, verdict)) };
}

function json(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}

async function judge(
  admission: AdmissionRequest,
  path: string,
  handler: Handlers[string],
  log: Logger,
): Promise<[outcome: string, verdict: Verdict]> {
  const { kind, operation } = admission;
  const about = { path, kind, operation, object: `${admission.namespace}/${admission.name}` };
  try {
    const verdict = await handler(admission);
    if (!verdict.allowed) return ["denied", verdict];
    return [(verdict.patch?.length ?? 0) > 0 ? "patched" : "allowed", verdict];
  } catch (error) {
    if (error instanceof KumaError) {
      log.warn("denied", { ...about, code: error.code, reason: error.line });
      return ["denied", denied(`${error.line} (${error.code})`, 400, "BadRequest")];
    }
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("a webhook failed", { ...about, reason: errorText(error), stack });
    const line = `The webhook failed, which is an error in it: ${errorText(error).slice(0, 300)}`;
    return ["failed", denied(line, 500, "InternalError")];
  }
}

async function show(request: Request, url: URL, page: Pages[string], site: Site): Promise<Answer> {
  const refused = await refusal(request, false);
  if (refused !== undefined) {
    return { outcome: "malformed", response: text(refused.status, `${refused.why}\n`) };
  }
  const body = await readBody(request);
  if (!("text" in body)) {
    return { outcome: "malformed", response: text(body.status, `${body.why}\n`) };
  }
  try {
    return { outcome: "page", response: await page(body.text, url) };
  } catch (error) {
    const ours = error instanceof KumaError;
    if (!ours) site.log.error("a page failed", { path: url.pathname, reason: errorText(error) });
    const line = `${errorText(error)}${ours ? ` (${error.code})` : ""}\n`;
    return { outcome: ours ? "denied" : "failed", response: text(ours ? 400 : 500, line) };
  }
}

/** Why a request is refused before its body is read. */
async function refusal(
  request: Request,
  json: boolean,
): Promise<{ status: number; why: string } | undefined> {
  const type = request.headers.get("content-type") ?? "";
  const refused = request.method !== "POST"
    ? { status: 405, why: "only POST is served at this path" }
    : json && type.split(";")[0]?.trim().toLowerCase() !== "application/json"
    ? { status: 415, why: "the content type must be application/json" }
    : undefined;
  if (refused !== undefined) await request.body?.cancel();
  return refused;
}

function text(status: number, line: string, type = "text/plain; charset=utf-8"): Response {
  return new Response(line, {
    status,
    headers: { "content-type": type, "x-content-type-options": "nosniff" },
  });
}

/**
 * From an HTTP request to its answer: the right path, a body that can be read, a verdict in every case.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { MetricSet } from "core/metrics/metrics.ts";
import { type HttpAnswer, refused } from "core/serve/http_answer.ts";
import type { HttpRequest } from "core/serve/http_connection.ts";
import type { Refusal } from "core/serve/http_head.ts";
import { jsonCost, MAX_NODES } from "core/serve/json_cost.ts";
import type { SERVER_METRICS } from "core/metrics/webhook_metrics.ts";
import { operationsPage, type OperationsPages } from "core/serve/operations.ts";
import type { Turns } from "core/serve/turns.ts";
import {
  type AdmissionDecision,
  type AdmissionRequest,
  denied,
  readReview,
  reviewOf,
} from "../admission/review.ts";

/**
 * Most bytes of a review. The API server takes objects of 3 MiB; an update carries two, and JSON escapes
 * make them longer.
 */
export const MAX_REVIEW = 8 * 1024 * 1024;
/** Most bytes of what a page is asked about: a pod, which etcd keeps up to 1.5 MiB of. */
const MAX_PAGE = 1024 * 1024;
/** Most values in it: each line of the answer is made for somebody to read. */
const MAX_PAGE_NODES = 20_000;
/** Above either, work on it is held back where there is more of that kind. */
const HEAVY_BYTES = 256 * 1024;
const HEAVY_NODES = 5000;

/** Webhooks by path. One that throws a `KumaError` denies with its line. */
export type Handlers = Readonly<
  Record<string, (request: AdmissionRequest) => AdmissionDecision | Promise<AdmissionDecision>>
>;

/** What a page says. */
export type PageText = string | Promise<string>;

/** Pages by path: from a POST's body (limited, UTF-8) and its query to a text. */
export type Pages = Readonly<Record<string, (body: string, query: URLSearchParams) => PageText>>;

/** Why a request must not be answered; undefined where it may. */
export type Guard = (request: HttpRequest) => Promise<Refusal | undefined>;

/** All that requests are answered from. */
export interface Site {
  readonly handlers: Handlers;
  readonly pages: Pages;
  readonly operations: OperationsPages;
  /** Before a page and before `/metrics`. */
  readonly guard: Guard;
  /** Before a review, where not everybody may ask for one. */
  readonly callers?: Guard;
  readonly metrics: MetricSet<typeof SERVER_METRICS>;
  readonly log: Logger;
  readonly turns: Turns;
  /** Takes what strangers do wrong, which they may do as often as they like. */
  readonly complain: (reason: string) => void;
}

interface Outcome {
  readonly outcome: string;
  readonly answer: HttpAnswer;
}

/** Answers one request; never rejects and never shows a stack. */
export async function respond(request: HttpRequest, site: Site): Promise<HttpAnswer> {
  const started = performance.now();
  const { path } = request;
  const page = Object.hasOwn(site.pages, path) ? site.pages[path] : undefined;
  const handler = Object.hasOwn(site.handlers, path) ? site.handlers[path] : undefined;
  if (handler === undefined && page === undefined) return await operate(request, site);
  const turn = new Turn(site.turns);
  let found: Outcome;
  try {
    found = handler !== undefined
      ? await review(request, handler, site, turn)
      : await show(request, page!, site, turn);
  } finally {
    turn.end();
  }
  const { outcome, answer } = found;
  site.metrics.add("kuma_webhook_requests_total", { path, outcome });
  const seconds = (performance.now() - started) / 1000;
  site.metrics.observe("kuma_webhook_request_duration_seconds", seconds, { path });
  return answer;
}

async function operate(request: HttpRequest, site: Site): Promise<HttpAnswer> {
  const { method, path, query } = request;
  const page = path === "/metrics" ? await site.guard(request) : undefined;
  if (page !== undefined) return guarded(page);
  const found = await operationsPage(site.operations, path, new URLSearchParams(query));
  if (found === undefined) return refused({ status: 404, why: "nothing is served at this path" });
  if (method === "GET" || method === "HEAD") return found;
  return refused({ status: 405, why: "only GET is served at this path" });
}

async function review(
  request: HttpRequest,
  handler: Handlers[string],
  site: Site,
  turn: Turn,
): Promise<Outcome> {
  const { path } = request;
  const malformed = (why: Refusal): Outcome => {
    site.complain(`malformed request: ${why.status} ${why.why}`);
    return { outcome: why.status === 503 ? "refused" : "malformed", answer: refused(why) };
  };
  const stranger = await site.callers?.(request);
  if (stranger !== undefined) {
    site.complain(`a review without the token: ${stranger.status}`);
    return { outcome: "refused", answer: guarded(stranger) };
  }
  const body = await textOf(request, turn, true);
  if (typeof body !== "string") return malformed(body);
  let admission: AdmissionRequest;
  try {
    admission = readReview(body);
  } catch (error) {
    return malformed({ status: 400, why: errorText(error) });
  }
  const [outcome, verdict] = await judge(admission, path, handler, site.log);
  const text = reviewOf(admission.uid, verdict);
  return { outcome, answer: { status: 200, type: "application/json", text } };
}

async function judge(
  admission: AdmissionRequest,
  path: string,
  handler: Handlers[string],
  log: Logger,
): Promise<[outcome: string, verdict: AdmissionDecision]> {
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

async function show(
  request: HttpRequest,
  page: Pages[string],
  site: Site,
  turn: Turn,
): Promise<Outcome> {
  const { path, query } = request;
  const refusal = await site.guard(request);
  if (refusal !== undefined) return { outcome: "refused", answer: guarded(refusal) };
  const body = await textOf(request, turn, false);
  if (typeof body !== "string") return { outcome: "malformed", answer: refused(body) };
  try {
    const text = await page(body, new URLSearchParams(query));
    return { outcome: "page", answer: { status: 200, type: "text/plain; charset=utf-8", text } };
  } catch (error) {
    const ours = error instanceof KumaError;
    if (!ours) site.log.error("a page failed", { path, reason: errorText(error) });
    const why = `${errorText(error)}${ours ? ` (${error.code})` : ""}`;
    const answer = refused({ status: ours ? 400 : 500, why });
    return { outcome: ours ? "denied" : "failed", answer };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The body of a POST as text, once parsing it is within bounds and it is its turn; `turn` ends that. What is
 * small takes of the budget what it makes; what is large is one at a time, which is the bound of it.
 */
async function textOf(
  request: HttpRequest,
  turn: Turn,
  isReview: boolean,
): Promise<string | Refusal> {
  const { method, headers } = request;
  if (method !== "POST") return { status: 405, why: "only POST is served at this path" };
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (isReview && type !== "application/json") {
    return { status: 415, why: "the content type must be application/json" };
  }
  const body = await request.body(isReview ? MAX_REVIEW : MAX_PAGE);
  if (!(body instanceof Uint8Array)) return body;
  if (body.length > HEAVY_BYTES) await turn.begin();
  const cost = jsonCost(body, isReview ? MAX_NODES : MAX_PAGE_NODES);
  if ("why" in cost) return cost;
  if (body.length > HEAVY_BYTES || cost.nodes > HEAVY_NODES) await turn.begin();
  else if (!await request.hold(cost.bytes)) {
    return { status: 503, why: "too many large requests at once" };
  }
  try {
    return decoder.decode(body);
  } catch {
    return { status: 400, why: "the body is not UTF-8" };
  }
}

/** A request's turn, where it needs one. */
class Turn {
  readonly #turns: Turns;
  #end: (() => void) | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  async begin(): Promise<void> {
    this.#end ??= await this.#turns.take();
  }

  end(): void {
    this.#end?.();
  }
}

/** Tells clients, too, how they could have been let in. */
function guarded(refusal: Refusal): HttpAnswer {
  const headers = refusal.status === 401 ? { "www-authenticate": "Bearer" } : {};
  return { ...refused(refusal), headers };
}

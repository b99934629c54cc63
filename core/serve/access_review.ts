/**
 * Who may see a page: the API server is asked whose token it is (TokenReview) and whether he may (SubjectAccessReview
 * of a path that is no resource), as kube-rbac-proxy and controller-runtime's secure metrics do.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { type Logger, silentLogger } from "core/log/logger.ts";
import { redactText } from "core/log/redact.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { systemClock } from "core/time/clock.ts";
import type { Refusal } from "./http_head.ts";
import { Rate } from "./rate.ts";

/** Posts an object to a path of the API server and gives its answer. Rejects where there is none. */
export type PostReview = (path: string, body: JsonObject) => Promise<Json>;

const TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews";
const ACCESSES = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{1,16384})$/i;

/** How long an answer holds; a right that was taken away, and one that was just given. */
const ALLOWED_MS = 60_000;
const REFUSED_MS = 5000;
const MOST_KNOWN = 256;
/** Characters of the API server's reason that are passed on. */
const LONGEST_REASON = 300;
/** Questions of one peer to the API server: strangers have as many tokens as they like. */
const BURST = 20;
const PER_SECOND = 5;

/** What a review works with; each has a default. */
export interface AccessReviewOptions {
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
  /** Is told why the API server could not be asked: whoever asked is not, the reason is not his to know. */
  readonly log?: Logger;
}

interface Known {
  readonly until: number;
  readonly refusal: Refusal | undefined;
}

/** Asks, and remembers the answers for a while. */
export class AccessReview {
  readonly #post: PostReview;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #known = new Map<string, Known>();
  readonly #asked = new Map<string, Rate>();

  constructor(post: PostReview, options: AccessReviewOptions = {}) {
    this.#post = post;
    this.#now = options.now ?? systemClock.now;
    this.#log = options.log ?? silentLogger;
  }

  /**
   * Why a request must not be answered; undefined where it may.
   *
   * @param authorization the header
   * @param verb the method in lower case, as the API server names it for paths
   */
  async refusal(
    peer: string,
    authorization: string | undefined,
    path: string,
    verb: string,
  ): Promise<Refusal | undefined> {
    const token = BEARER.exec(authorization ?? "")?.[1];
    if (token === undefined) {
      return { status: 401, why: "this page needs a bearer token of the cluster" };
    }
    const key = `${verb} ${path} ${await digest(token)}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#now()) return known.refusal;
    if (!this.#mayAsk(peer)) return { status: 429, why: "too many tokens to be looked at" };
    let refusal: Refusal | undefined;
    try {
      refusal = await this.#ask(token, path, verb);
    } catch (thrown) {
      this.#log.warn("the API server cannot be asked who may see a page", {
        path,
        reason: errorText(thrown),
      });
      return { status: 503, why: "the API server cannot be asked who this is" };
    }
    const until = this.#now() + (refusal === undefined ? ALLOWED_MS : REFUSED_MS);
    this.#known.delete(key);
    this.#known.set(key, { until, refusal });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    return refusal;
  }

  async #ask(token: string, path: string, verb: string): Promise<Refusal | undefined> {
    const whose = statusOf(
      await this.#post(TOKENS, {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token },
      }),
    );
    const { user } = whose;
    if (whose.authenticated !== true || !isObject(user)) {
      return { status: 401, why: `the API server does not know this token${reason(whose.error)}` };
    }
    const { username = "", uid = "", groups = [], extra = {} } = user;
    const may = statusOf(
      await this.#post(ACCESSES, {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user: username, uid, groups, extra, nonResourceAttributes: { path, verb } },
      }),
    );
    if (may.allowed === true && may.denied !== true) return undefined;
    const why = `${username} may not ${verb} ${path}; a ClusterRole allows it`;
    return { status: 403, why: `${why}${reason(may.reason ?? may.evaluationError)}` };
  }

  #mayAsk(peer: string): boolean {
    if (this.#asked.size > MOST_KNOWN) this.#asked.clear();
    const rate = this.#asked.get(peer) ?? new Rate(BURST, PER_SECOND, this.#now);
    this.#asked.set(peer, rate);
    return rate.take();
  }
}

function statusOf(answer: Json): JsonObject {
  return isObject(answer) && isObject(answer.status) ? answer.status : {};
}

/** What the API server says of a refusal, for whoever was refused: it is about his own token and his own rights. */
function reason(text: Json | undefined): string {
  return typeof text !== "string" || text === ""
    ? ""
    : `: ${shown(redactText(text), LONGEST_REASON)}`;
}

/** No token stays in memory longer than its request. */
async function digest(token: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return new Uint8Array(bytes).toBase64();
}

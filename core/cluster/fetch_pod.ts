/**
 * Asking the API server for the pod, as often as it helps and no longer than the runtime waits.
 *
 * Everything here happens in the host's network namespace, before the pod's is entered.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { type KubeAnswer, KubeClient, type KubeEndpoint } from "core/cluster/client.ts";
import { type PodView, viewPod } from "core/kube/pod.ts";
import type { Logger } from "core/log/logger.ts";
import { type Clock, systemClock } from "core/time/clock.ts";
import { deadline } from "core/time/timer.ts";
import type { PodArgs } from "core/cni/pod_args.ts";
import { parseRetryAfter } from "./retry_after.ts";

/** How long the whole may take, one request, and the pauses between; all in milliseconds. */
export interface FetchBudget {
  readonly totalMs: number;
  readonly requestMs: number;
  readonly pauseMs: number;
}

/**
 * Below the 10 s in which every failure must be told, with room for iptables (`deadline.ts`); one slow answer
 * of 5 s still gets through.
 */
const DEFAULT_BUDGET: FetchBudget = {
  totalMs: 7100,
  requestMs: 6000,
  pauseMs: 300,
};

/** Static pods: the API server's mirror has another uid, and the kubelet's in this annotation. */
const STATIC_POD_HASH = "kubernetes.io/config.hash";

/** A failure after which another try may succeed. */
class Passing extends Error {
  /** @param pauseMs what the server asks for */
  constructor(readonly error: KumaError, readonly pauseMs = 0) {
    super(error.message);
  }
}

/**
 * Fetches the pod. The endpoint (kubeconfig, token, CA) is read anew for each try. `clock` tells how much of the
 * budget is left, and makes the pauses.
 *
 * @throws {KumaError} `KUMA-CNI-011` to `-017`: see `core/errors/cni_codes.ts`.
 */
export async function fetchPod(
  wanted: PodArgs,
  readEndpoint: () => Promise<KubeEndpoint>,
  log: Logger,
  budget: FetchBudget = DEFAULT_BUDGET,
  clock: Clock = systemClock,
): Promise<PodView> {
  const end = clock.now() + budget.totalMs;
  let staleToken: string | undefined;
  let reason: KumaError | undefined;
  for (let tries = 1;; tries += 1) {
    try {
      const endpoint = await readEndpoint();
      // The same token is refused the same way; only a renewed one is worth another request.
      const token = endpoint.token ?? "";
      if (token === staleToken) throw unauthorized();
      staleToken = token;
      const left = Math.max(1, end - clock.now());
      return await tryOnce(wanted, endpoint, Math.min(budget.requestMs, left));
    } catch (thrown) {
      if (!(thrown instanceof Passing)) throw thrown;
      if (thrown.error.code !== "KUMA-CNI-014") staleToken = undefined;
      log.debug("cannot read the pod yet", { try: tries, error: thrown.error });
      // A try that our own deadline cut short says nothing of the server: the one before it does.
      const cutShort = clock.now() >= end;
      if (!cutShort || reason === undefined) reason = thrown.error;
      const pause = Math.max(budget.pauseMs, thrown.pauseMs);
      // Where the server asks for more, the runtime's next try is soon enough.
      if (clock.now() + pause >= end) throw reason;
      await clock.delay(pause);
    }
  }
}

/**
 * Asks once, over a connection that the caller keeps.
 *
 * @param timeoutMs what the answer may take
 * @throws {KumaError} as {@linkcode fetchPod}; what may pass as well.
 */
export async function readPod(
  client: KubeClient,
  endpoint: KubeEndpoint,
  wanted: PodArgs,
  timeoutMs: number,
): Promise<PodView> {
  try {
    return await tryWith(client, endpoint, wanted, timeoutMs);
  } catch (thrown) {
    throw thrown instanceof Passing ? thrown.error : thrown;
  }
}

async function tryOnce(
  wanted: PodArgs,
  endpoint: KubeEndpoint,
  timeoutMs: number,
): Promise<PodView> {
  using client = openClient(endpoint);
  return await tryWith(client, endpoint, wanted, timeoutMs);
}

async function tryWith(
  client: KubeClient,
  endpoint: KubeEndpoint,
  wanted: PodArgs,
  timeoutMs: number,
): Promise<PodView> {
  const answer = await ask(client, endpoint, wanted, timeoutMs);
  const name = `${wanted.namespace}/${wanted.name}`;
  if (answer.status === 401) throw new Passing(unauthorized());
  if (answer.status === 403) throw forbidden(endpoint, answer);
  if (answer.status === 404) {
    throw new Passing(
      new KumaError("KUMA-CNI-016", `the API server knows no pod ${name}`),
    );
  }
  if (answer.status !== 200) throw unsuccessful(endpoint, answer);
  const pod = viewPod(parseJson(endpoint, answer));
  if (pod === undefined) {
    throw new Passing(
      unusable(endpoint, "answers with something else than a pod"),
    );
  }
  if (!isSamePod(pod, wanted)) {
    throw new Passing(
      new KumaError(
        "KUMA-CNI-016",
        `the API server still has an older or a newer pod ${name} (uid ${pod.uid})`,
        { hint: `the runtime starts uid ${wanted.uid.slice(0, 64)}` },
      ),
    );
  }
  return pod;
}

async function ask(
  client: KubeClient,
  endpoint: KubeEndpoint,
  wanted: PodArgs,
  timeoutMs: number,
): Promise<KubeAnswer> {
  const path = `/api/v1/namespaces/${encodeURIComponent(wanted.namespace)}/pods/${
    encodeURIComponent(wanted.name)
  }`;
  using limit = deadline(timeoutMs, () => timedOut(endpoint, timeoutMs));
  try {
    return await client.request("GET", path, { signal: limit.signal });
  } catch (cause) {
    if (!(cause instanceof KumaError)) throw cause;
    if (cause.code === "KUMA-HOST-161") throw untrusted(cause);
    throw new Passing(
      cause.code === "KUMA-CNI-013" ? cause : unanswered(cause),
    );
  }
}

/** A connection pool of kuma-cni's own name. Throws `KUMA-CNI-017` where the CA cannot be used. */
export function openClient(endpoint: KubeEndpoint): KubeClient {
  try {
    return new KubeClient(endpoint, "kuma-cni");
  } catch (cause) {
    throw cause instanceof KumaError ? untrusted(cause) : cause;
  }
}

function parseJson(endpoint: KubeEndpoint, answer: KubeAnswer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    // The engine's message would quote the pod; that it is cut off or no JSON is all there is to say.
    throw new Passing(
      unusable(endpoint, "answers with incomplete or malformed JSON"),
    );
  }
}

function isSamePod(pod: PodView, wanted: PodArgs): boolean {
  return wanted.uid === "" || pod.uid === wanted.uid ||
    pod.annotations[STATIC_POD_HASH] === wanted.uid;
}

function unauthorized(): KumaError {
  return new KumaError(
    "KUMA-CNI-014",
    "the node's CNI token is stale: the API server answers 401",
    {
      hint: "check that the CNI installer runs on this node; it renews the token",
    },
  );
}

function forbidden(endpoint: KubeEndpoint, answer: KubeAnswer): KumaError {
  return new KumaError(
    "KUMA-CNI-015",
    `the API server ${endpoint.server} answers 403: ${reason(answer.text)}`,
    { hint: "give the CNI's service account the verb get on pods" },
  );
}

/** `message` of the API's Status object, shortened. */
function reason(text: string): string {
  const message = /"message":\s*"((?:[^"\\]|\\.){1,300})/.exec(text)?.[1];
  return message?.replace(/\\"/g, '"') ?? "reading pods is forbidden";
}

function unusable(endpoint: KubeEndpoint, what: string): KumaError {
  return new KumaError(
    "KUMA-CNI-013",
    `the API server ${endpoint.server} ${what}`,
    {
      hint: "the pod is tried again",
    },
  );
}

function unsuccessful(endpoint: KubeEndpoint, { status, retryAfter }: KubeAnswer): Passing {
  const overloaded = status === 429 || status >= 500;
  const pauseMs = overloaded ? parseRetryAfter(retryAfter) ?? 0 : 0;
  const wish = pauseMs > 0 ? ` and asks to wait ${Math.ceil(pauseMs / 1000)} s` : "";
  return new Passing(unusable(endpoint, `answers with status ${status}${wish}`), pauseMs);
}

function timedOut(endpoint: KubeEndpoint, ms: number): KumaError {
  return unusable(
    endpoint,
    `does not answer within ${(ms / 1000).toFixed(1)} s`,
  );
}

function unanswered(cause: KumaError): KumaError {
  return new KumaError("KUMA-CNI-013", errorText(cause), {
    hint: "check this node's connection to it; the pod is tried again",
    cause,
  });
}

function untrusted(cause: KumaError): KumaError {
  return new KumaError("KUMA-CNI-017", cause.message, {
    hint: "check the CA in the CNI's kubeconfig; the installer writes it anew",
    cause,
  });
}

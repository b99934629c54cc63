/**
 * AdmissionReview (`admission.k8s.io/v1`): the request read strictly, the verdicts written.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { DiffOperation } from "core/patch/diff.ts";
import type { Problem } from "core/patch/container_patch.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";

/** The parts of a request that any of our webhooks looks at. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  /** API group of the resource; empty for the core's. */
  readonly group: string;
  /** The resource as paths name it, such as `dataplanes`. */
  readonly resource: string;
  /** Name of the user who asks. */
  readonly user: string;
  /** The object; for a deletion what is being deleted. */
  readonly object: Json | undefined;
  /** What an update replaces. */
  readonly oldObject: Json | undefined;
}

/** What a webhook says; {@linkcode reviewOf} makes the answer of it. */
export type AdmissionDecision =
  | {
    readonly allowed: true;
    readonly patch?: readonly DiffOperation[];
    readonly warnings?: readonly string[];
  }
  | { readonly allowed: false; readonly status: JsonObject };

/** Reads the body of a call. Throws `KUMA-WH-020`. */
export function readReview(text: string): AdmissionRequest {
  let review: Json;
  try {
    review = JSON.parse(text) as Json;
  } catch {
    throw unreadable("the body is not JSON");
  }
  if (!isObject(review)) throw unreadable("the body is no object");
  const { apiVersion, kind, request } = review;
  if (apiVersion !== "admission.k8s.io/v1" || kind !== "AdmissionReview") {
    throw unreadable("it is no AdmissionReview of admission.k8s.io/v1");
  }
  if (!isObject(request)) throw unreadable("it has no request");
  if (typeof request.uid !== "string" || request.uid === "") throw unreadable("it has no uid");
  const member = (of: Json | undefined, name: string) => isObject(of) ? textOf(of[name]) : "";
  const operation = textOf(request.operation);
  // What is being deleted is in oldObject; object is null then.
  const object = operation === "DELETE" ? request.oldObject : request.object;
  return {
    uid: request.uid,
    operation,
    namespace: textOf(request.namespace),
    name: textOf(request.name),
    kind: member(request.kind, "kind"),
    group: member(request.resource, "group"),
    resource: member(request.resource, "resource"),
    user: member(request.userInfo, "username"),
    object,
    oldObject: request.oldObject,
  };
}

/**
 * Whether the object is being deleted and only waits for its finalizers, each of which goes by an update:
 * nothing may keep it from that, right or wrong.
 */
export function isLeaving({ operation, object }: AdmissionRequest): boolean {
  const metadata = isObject(object) ? object.metadata : undefined;
  return operation === "UPDATE" &&
    textOf(isObject(metadata) ? metadata.deletionTimestamp : null) !== "";
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The body that answers the request `uid`. */
export function reviewOf(uid: string, verdict: AdmissionDecision): string {
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, ...responseOf(verdict) },
  });
}

function responseOf(verdict: AdmissionDecision): JsonObject {
  if (!verdict.allowed) return { allowed: false, status: verdict.status };
  const { patch = [], warnings = [] } = verdict;
  return {
    allowed: true,
    ...(patch.length > 0 ? { patchType: "JSONPatch", patch: base64(JSON.stringify(patch)) } : {}),
    ...(warnings.length > 0 ? { warnings: warnings.map(shortened) } : {}),
  };
}

/** A refusal with one message. */
export function denied(message: string, code = 403, reason = "Forbidden"): AdmissionDecision {
  return {
    allowed: false,
    status: { status: "Failure", code, reason, message: abridged(message) },
  };
}

/** Characters of a message at most; events show 1024. An annotation may have 256 KiB. */
const MOST_TEXT = 2000;
/** Problems that are named one by one; an object of megabytes may have as many as that. */
const MOST_PROBLEMS = 20;

/** A text that can be shown; a long one loses its middle, as codes are at the end. */
function abridged(text: string): string {
  if (text.length <= MOST_TEXT) return text;
  return `${text.slice(0, MOST_TEXT - 100)} … ${text.slice(-97)}`;
}

/** A refusal because something is not known yet; worth another try. */
export function notReady(missing: readonly string[]): AdmissionDecision {
  const line = `kuma-webhook is not ready: it waits for ${missing.join(", ")}`;
  return denied(line, 503, "ServiceUnavailable");
}

/** A refusal for fields, as the API server itself words it. */
export function invalid(
  kind: string,
  name: string,
  problems: readonly Problem[],
): AdmissionDecision {
  const shown = problems.slice(0, MOST_PROBLEMS);
  const more = problems.length - shown.length;
  const lines = shown.map(({ field, message }) => abridged(`${field}: ${message}`));
  return {
    allowed: false,
    status: {
      status: "Failure",
      code: 422,
      reason: "Invalid",
      message: [...lines, ...more > 0 ? [`and ${more} more`] : []].join("; "),
      details: {
        name,
        kind,
        causes: shown.map(({ field, message }) => ({
          reason: "FieldValueInvalid",
          message: abridged(message),
          field: abridged(field),
        })),
      },
    },
  };
}

/** The API server cuts warnings at 256 characters anyway, and counts bytes. */
function shortened(warning: string): string {
  return warning.length > 120 ? `${warning.slice(0, 119)}…` : warning;
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function unreadable(why: string): KumaError {
  return new KumaError("KUMA-WH-020", `The admission request cannot be read: ${why}`);
}

/**
 * The ContainerPatch resource: read, validated when it is created, applied when a pod is injected.
 *
 * @module
 */
import { KumaError } from "../errors.ts";
import { CONTAINERS } from "../kube/annotations.ts";
import { PatchDraft } from "./apply.ts";
import { isObject, type Json, type JsonObject, scalarText, withoutNulls } from "./json.ts";
import {
  OperationError,
  parseOperation,
  type PatchOperation,
  type PatchVerb,
} from "./operation.ts";
import { parsePointer } from "./pointer.ts";
import type { ContainerSchema } from "./schema.ts";

/** The two lists of a ContainerPatch. */
export type PatchTarget = "sidecarPatch" | "initPatch";

/** Problems of one resource that are named. */
const MAX_PROBLEMS = 20;

/** The targets, as they are written in `spec`. */
const PATCH_TARGETS: readonly PatchTarget[] = ["sidecarPatch", "initPatch"];

/** One thing that is wrong with a resource: the field and a text, as an admission verdict names them. */
export interface Problem {
  readonly field: string;
  readonly message: string;
}

/** A ContainerPatch by name; its operations are raw until they are applied. */
export interface NamedPatch {
  readonly name: string;
  readonly object: JsonObject;
}

/** What there is to say about a ContainerPatch before it is applied. */
export interface PatchReview {
  /** What can never work on any container. */
  readonly problems: readonly Problem[];
  /** What Kubernetes reads as another field or not at all; Kuma 2.9 says nothing about it. */
  readonly warnings: readonly string[];
}

/** Looks through a ContainerPatch; nothing is said of a good one. */
export function reviewContainerPatch(object: Json, schema: ContainerSchema): PatchReview {
  const spec = isObject(object) ? object.spec : undefined;
  if (spec === undefined || spec === null) return { problems: [], warnings: [] };
  if (!isObject(spec)) {
    return { problems: [{ field: "spec", message: "must be an object" }], warnings: [] };
  }
  const warnings: string[] = [];
  const problems = PATCH_TARGETS.flatMap((target) => {
    const list = spec[target];
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) return [{ field: `spec.${target}`, message: "must be a list" }];
    return list.flatMap((raw, at) => {
      const field = `spec.${target}[${at}]`;
      const found = reviewOperation(raw, target, field, schema);
      warnings.push(...found.warnings.map((warning) => `${field}: ${warning}`));
      return found.problems;
    });
  });
  const more = problems.length - MAX_PROBLEMS;
  return {
    problems: more <= 0 ? problems : [
      ...problems.slice(0, MAX_PROBLEMS),
      { field: "spec", message: `there are ${more} further problems` },
    ],
    warnings: warnings.slice(0, MAX_PROBLEMS),
  };
}

function reviewOperation(
  raw: Json,
  target: PatchTarget,
  field: string,
  schema: ContainerSchema,
): PatchReview {
  let operation: PatchOperation;
  try {
    operation = parseOperation(raw);
  } catch (thrown) {
    if (!(thrown instanceof OperationError)) throw thrown;
    const where = thrown.field === "" ? field : `${field}.${thrown.field}`;
    return { problems: [{ field: where, message: thrown.line }], warnings: [] };
  }
  if (touchesName(operation, target)) {
    return { problems: [{ field: `${field}.path`, message: NAME_IS_FIXED }], warnings: [] };
  }
  const { op, tokens } = operation;
  const from = operation.from === undefined ? [] : parsePointer(operation.from);
  const writes = op === "add" || op === "replace";
  const value = writes ? withoutNulls(operation.value ?? null) : undefined;
  const named = (name: string, messages: readonly string[]) =>
    messages.map((message) => ({ field: `${field}.${name}`, message }));
  const source = schema.judge(from, undefined);
  const place = schema.judge(tokens, value);
  // What has to be there already has the name that it was given before.
  const exists = op === "remove" || op === "replace";
  return {
    problems: [
      ...named("path", afterList(exists ? tokens : parents(op, tokens))),
      ...named("from", [...afterList(from), ...source.problems, ...source.place]),
      ...named(writes ? "value" : "path", [...place.problems, ...(exists ? place.place : [])]),
    ],
    warnings: [...(exists ? [] : place.place), ...place.members],
  };
}

/** The tokens that must name something that is there before the operation. */
function parents(op: PatchVerb, tokens: readonly string[]): readonly string[] {
  return op === "add" ? [] : tokens.slice(0, -1);
}

function afterList(tokens: readonly string[]): string[] {
  return tokens.includes("-") ? ["- is the place after a list, where nothing is yet"] : [];
}

const NAME_IS_FIXED =
  "the container's name cannot be patched: the mesh finds its containers by name";

/** The names that the patched container may have. */
const NAMES: Readonly<Record<PatchTarget, readonly string[]>> = {
  sidecarPatch: [CONTAINERS.sidecar],
  initPatch: [CONTAINERS.init, CONTAINERS.validation],
};

function touchesName({ op, tokens, from, value }: PatchOperation, target: PatchTarget): boolean {
  if (tokens.length === 1 && tokens[0] === "name" || op === "move" && from === "/name") return true;
  return tokens.length === 0 && isObject(value) && !NAMES[target].includes(scalarText(value.name));
}

/**
 * Applies one list of each patch, in order, to a copy of the container and checks the result against
 * the schema. Returns the container as Kubernetes would read it; `note` takes a line for each member that is read
 * as another field, or as none. Throws `KUMA-WH-012` for an operation
 * that fails, `KUMA-WH-013` for a container that Kubernetes would not take; both name the patch.
 */
export function applyContainerPatches(
  container: JsonObject,
  patches: readonly NamedPatch[],
  target: PatchTarget,
  schema: ContainerSchema,
  note: (line: string) => void = () => {},
): JsonObject {
  const draft = new PatchDraft(container);
  let touched = false;
  const names = `[${patches.map((patch) => JSON.stringify(patch.name)).join(" ")}]`;
  for (const patch of patches) {
    for (const [at, raw] of operations(patch.object, target).entries()) {
      touched = true;
      try {
        draft.apply(parseOperation(raw));
      } catch (thrown) {
        if (!(thrown instanceof KumaError)) throw thrown;
        throw new KumaError(
          "KUMA-WH-012",
          `could not apply patches ${names}: ContainerPatch "${patch.name}" ${target}[${at}]: ` +
            thrown.line,
          { cause: thrown },
        );
      }
    }
  }
  if (!touched) return container;
  const clean = withoutNulls(draft.container);
  const { container: read, notes } = schema.read(isObject(clean) ? clean : {});
  for (const line of notes.slice(0, MAX_PROBLEMS)) note(`container patches ${names}: ${line}`);
  return checked(read, container, names, schema);
}

function checked(
  clean: JsonObject,
  before: JsonObject,
  names: string,
  schema: ContainerSchema,
): JsonObject {
  const problems = schema.problems(clean);
  if (clean.name !== before.name) problems.push(NAME_IS_FIXED);
  // Optional in the schema, since templates may omit it; a pod may not.
  if ((clean.image ?? "") === "") problems.push("/image is required");
  if (problems.length === 0) return clean;
  throw new KumaError(
    "KUMA-WH-013",
    `patches ${names} make container "${scalarText(before.name)}" invalid: ${problems.join("; ")}`,
  );
}

function operations(object: JsonObject, target: PatchTarget): Json[] {
  const list = isObject(object.spec) ? object.spec[target] : undefined;
  return Array.isArray(list) ? list : [];
}

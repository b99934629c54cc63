/**
 * Kubernetes objects that still depend on values. One tree is read in two ways: {@linkcode evaluate} makes plain
 * objects of it (`kumactl install control-plane`), `go_template.ts` writes it as a template of a Helm chart.
 * So what both install is written once.
 *
 * Emptiness is Helm's: `false`, `0`, the empty text, list and map, and null are empty; all else is not.
 *
 * @module
 */
import type { Json } from "core/patch/json.ts";

/** What an expression computes. */
export type Operation =
  | { readonly op: "value"; readonly path: string }
  | { readonly op: "namespace" }
  | { readonly op: "text"; readonly parts: readonly Node[] }
  | { readonly op: "first"; readonly of: readonly Node[] }
  | { readonly op: "either"; readonly test: Node; readonly yes: Node; readonly no: Node }
  | { readonly op: "not"; readonly of: Node }
  | { readonly op: "and" | "or"; readonly of: readonly Node[] }
  | { readonly op: "equal"; readonly left: Node; readonly right: Node }
  | { readonly op: "overlay"; readonly of: readonly Node[] }
  | { readonly op: "concat"; readonly of: readonly Node[] }
  | { readonly op: "references"; readonly of: Node }
  | { readonly op: "switched"; readonly name: string; readonly map: Node; readonly initial: Node }
  | { readonly op: "json"; readonly of: Node }
  | { readonly op: "sha256"; readonly of: Node };

/** A value that is computed. */
export class Expression {
  constructor(readonly operation: Operation) {}
}

/** A member of a map or a list that is there only where `test` is not empty. */
export class When {
  constructor(readonly test: Node, readonly then: Node) {}
}

/** A container's variables: ours, the user's over them, sorted by name, behind the raw entries. */
export class Environment {
  constructor(
    readonly entries: Node,
    readonly own: { readonly [name: string]: Node },
    readonly users: Node,
  ) {}
}

/** Plain data with computed parts in it. */
export type Node =
  | Json
  | Expression
  | When
  | Environment
  | undefined
  | readonly Node[]
  | { readonly [key: string]: Node };

const make = (operation: Operation) => new Expression(operation);

/** The value at a dotted path. */
export const value = (path: string): Expression => make({ op: "value", path });

/** The namespace that is installed into. */
export const releaseNamespace: Expression = make({ op: "namespace" });

/** Parts joined to one text: a template literal of scalars and expressions. */
export const text = (strings: TemplateStringsArray, ...parts: readonly Node[]): Expression =>
  make({
    op: "text",
    parts: strings.flatMap((string, at) => [
      ...string === "" ? [] : [string],
      ...at < parts.length ? [parts[at]] : [],
    ]),
  });

/** The first that is not empty, else null. */
export const first = (...of: readonly Node[]): Expression => make({ op: "first", of });

/** One of two, by whether `test` is empty. */
export const either = (test: Node, yes: Node, no: Node): Expression =>
  make({ op: "either", test, yes, no });

/** True where `of` is empty. */
export const not = (of: Node): Expression => make({ op: "not", of });

/** True where none is empty. */
export const and = (...of: readonly Node[]): Expression => make({ op: "and", of });

/** True where one is not empty. */
export const or = (...of: readonly Node[]): Expression => make({ op: "or", of });

/** True where both are the same text. */
export const equal = (left: Node, right: Node): Expression => make({ op: "equal", left, right });

/** Maps laid over each other, the last on top; a null takes the key away. */
export const overlay = (...of: readonly Node[]): Expression => make({ op: "overlay", of });

/** Lists one after the other. */
export const concat = (...of: readonly Node[]): Expression => make({ op: "concat", of });

/** A list of names as the list of references `{name: …}` that Kubernetes takes. */
export const references = (of: Node): Expression => make({ op: "references", of });

/** Whether the variable `name` of a map is switched on (Go's words for true); `initial` where it is not there. */
export const switched = (name: string, map: Node, initial: Node): Expression =>
  make({ op: "switched", name, map, initial });

/** The data as one line of JSON, keys sorted. */
export const json = (of: Node): Expression => make({ op: "json", of });

/** SHA-256 of a text, hex. */
export const sha256 = (of: Node): Expression => make({ op: "sha256", of });

/** A member that is there only where `test` is not empty. */
export const when = (test: Node, then: Node): When => new When(test, then);

/** A member that is there only where it is not empty: an empty one is a difference for who compares with the API server's. */
export const given = (node: Node): When => new When(node, node);

/** True for data that is a map, and none of the classes above. */
export function isMap(node: Node): node is { readonly [key: string]: Node } {
  return typeof node === "object" && node !== null && !Array.isArray(node) &&
    !(node instanceof Expression) && !(node instanceof When) && !(node instanceof Environment);
}

/** True for a list; `Array.isArray` does not narrow read-only lists. */
export function isList(node: Node): node is readonly Node[] {
  return Array.isArray(node);
}

/** What Go's strconv.ParseBool takes for true. */
export const TRUE_WORDS: readonly string[] = ["1", "t", "T", "true", "TRUE", "True"];

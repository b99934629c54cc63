/**
 * Writes a tree as a template of a Helm chart. The maps and lists of the tree stay YAML that a person can read;
 * what is computed becomes an action that prints JSON, which is YAML as well.
 *
 * @module
 */
import { VALUES } from "../values/table.ts";
import {
  Environment,
  Expression,
  isList,
  isMap,
  type Node,
  type Operation,
  TRUE_WORDS,
  When,
} from "./node.ts";

/** Templates that the others call: `templates/_helpers.tpl`. */
export const HELPERS =
  `{{/* Maps laid over each other, the last on top; a null takes the key away. */}}
{{- define "kuma.overlay" -}}
{{- $all := dict }}
{{- range $map := . }}{{- range $key, $member := $map }}
{{- if kindIs "invalid" $member }}{{- $_ := unset $all $key }}{{- else }}{{- $_ := set $all $key $member }}{{- end }}
{{- end }}{{- end }}
{{- toJson $all -}}
{{- end }}

{{/* A scalar as text; values files have their numbers as floating point. */}}
{{- define "kuma.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . }}
{{- else if not (kindIs "invalid" .) }}{{ . | toString }}{{ end -}}
{{- end }}

{{/* Names as the references that Kubernetes takes. */}}
{{- define "kuma.references" -}}
{{- $all := list }}{{- range . }}{{- $all = append $all (dict "name" .) }}{{- end }}
{{- toJson $all -}}
{{- end }}

{{/* Whether a variable of a map is switched on: map, name, and what holds where it is not there. */}}
{{- define "kuma.switched" -}}
{{- $map := index . 0 }}{{- $name := index . 1 }}{{- $set := get (default (dict) $map) $name }}
{{- if and (hasKey (default (dict) $map) $name) (not (kindIs "invalid" $set)) }}
{{- if has ($set | toString) (list ${
    TRUE_WORDS.map((word) => JSON.stringify(word)).join(" ")
  }) }}true{{ end }}
{{- else }}{{- if index . 2 }}true{{ end }}{{- end -}}
{{- end }}
`;

/** One object as the text of a template file. */
export function goTemplate(node: Node): string {
  if (node instanceof When) {
    return `{{- if ${go(node.test)} }}\n${goTemplate(node.then)}{{- end }}\n`;
  }
  return `${block(node, 0).join("\n")}\n`;
}

/** The lines of a map or list, indented by `depth` blanks. */
function block(node: Node, depth: number): string[] {
  if (isList(node)) return node.flatMap((member) => guarded(member, (then) => item(then, depth)));
  if (!isMap(node)) throw new TypeError("only maps and lists have lines of their own");
  if (!Object.values(node).some((member) => member !== undefined && !(member instanceof When))) {
    throw new TypeError(`all of ${Object.keys(node)} is conditional: the map could be empty`);
  }
  return Object.entries(node).flatMap(([key, member]) =>
    member === undefined ? [] : guarded(member, (then) => entry(key, then, depth))
  );
}

function guarded(member: Node, lines: (then: Node) => string[]): string[] {
  if (!(member instanceof When)) return lines(member);
  return [`{{- if ${go(member.test)} }}`, ...lines(member.then), "{{- end }}"];
}

function item(node: Node, depth: number): string[] {
  const pad = " ".repeat(depth);
  if (!isNested(node)) return [`${pad}- ${leaf(node)}`];
  return [`${pad}-`, ...block(node, depth + 2)];
}

function entry(key: string, node: Node, depth: number): string[] {
  const name = `${" ".repeat(depth)}${
    /^[A-Za-z][A-Za-z0-9]*$/.test(key) ? key : JSON.stringify(key)
  }:`;
  if (node instanceof Environment) return [name, ...environmentLines(node, depth + 2)];
  return isNested(node) ? [name, ...block(node, depth + 2)] : [`${name} ${leaf(node)}`];
}

function isNested(node: Node): boolean {
  return isList(node) ? node.length > 0 : isMap(node) && Object.keys(node).length > 0;
}

function leaf(node: Node): string {
  if (node instanceof Expression) return `{{ toJson ${go(node)} }}`;
  // In a template file a text with braces would be an action.
  const text = JSON.stringify(node);
  return text.includes("{{") ? `{{ ${goText(text)} }}` : text;
}

function environmentLines({ entries, own, users }: Environment, depth: number): string[] {
  const pad = " ".repeat(depth);
  const sets = Object.entries(own).map(([name, member]) => {
    const set = (node: Node) => `{{- $_ := set $env ${goText(name)} ${asText(node)} }}`;
    return member instanceof When
      ? `{{- if ${go(member.test)} }}${set(member.then)}{{- end }}`
      : set(member);
  });
  return [
    `{{- range $entry := ${go(entries)} }}`,
    `${pad}- {{ toJson $entry }}`,
    "{{- end }}",
    "{{- $env := dict }}",
    ...sets,
    `{{- range $name, $member := ${go(users)} }}`,
    '{{- if kindIs "invalid" $member }}{{- $_ := unset $env $name }}',
    '{{- else }}{{- $_ := set $env $name (include "kuma.text" $member) }}{{- end }}',
    "{{- end }}",
    "{{- range $name, $member := $env }}",
    `${pad}- name: {{ toJson $name }}`,
    `${pad}  value: {{ toJson $member }}`,
    "{{- end }}",
  ];
}

/** A node as an operand of Go's templates. */
function go(node: Node): string {
  if (node instanceof Expression) return goOperation(node.operation);
  if (node instanceof When || node instanceof Environment) {
    throw new TypeError("a condition stands within an expression");
  }
  if (isList(node)) return `(list${node.map((member) => ` ${go(member)}`).join("")})`;
  if (isMap(node)) {
    const pairs = Object.entries(node).map(([key, member]) => ` ${goText(key)} ${go(member)}`);
    return `(dict${pairs.join("")})`;
  }
  if (typeof node === "string") return goText(node);
  if (node === null || node === undefined) throw new TypeError("a template cannot write null");
  return String(node);
}

function goOperation(operation: Operation): string {
  const all = (nodes: readonly Node[]) => nodes.map((node) => ` ${go(node)}`).join("");
  switch (operation.op) {
    case "value":
      return isText(operation.path)
        ? `(include "kuma.text" $.Values.${operation.path})`
        : `$.Values.${operation.path}`;
    case "namespace":
      return "$.Release.Namespace";
    case "text":
      return `(print${operation.parts.map((part) => ` ${asText(part)}`).join("")})`;
    case "first":
      return `(coalesce${all(operation.of)})`;
    case "either":
      return `(ternary ${go(operation.yes)} ${go(operation.no)} (not (empty ${
        go(operation.test)
      })))`;
    case "not":
      return `(empty ${go(operation.of)})`;
    case "and":
    case "or":
      return `(${operation.op}${operation.of.map((one) => ` (not (empty ${go(one)}))`).join("")})`;
    case "equal":
      return `(eq ${asText(operation.left)} ${asText(operation.right)})`;
    case "overlay":
      return `(fromJson (include "kuma.overlay" (list${all(operation.of)})))`;
    case "concat":
      return `(concat${all(operation.of)})`;
    case "references":
      return `(fromJsonArray (include "kuma.references" ${go(operation.of)}))`;
    case "switched":
      return `(eq "true" (include "kuma.switched" (list ${go(operation.map)} ${
        goText(operation.name)
      } (not (empty ${go(operation.initial)})))))`;
    case "json":
      return `(toRawJson ${go(operation.of)})`;
    case "sha256":
      return `(sha256sum ${go(operation.of)})`;
  }
}

/** Whether a value is a text: whoever says `--set global.image.tag=1` to Helm gives a number. */
function isText(path: string): boolean {
  return VALUES.some((one) => one.path === path && one.kind === "text");
}

/** An operand that is a text for certain. */
function asText(node: Node): string {
  if (typeof node === "string") return goText(node);
  if (
    node instanceof Expression && node.operation.op === "value" && isText(node.operation.path)
  ) return go(node);
  if (
    node instanceof Expression &&
    ["text", "json", "sha256", "namespace"].includes(node.operation.op)
  ) {
    return go(node);
  }
  return `(include "kuma.text" ${go(node)})`;
}

/** A text as Go's raw or interpreted string. */
function goText(text: string): string {
  return text.includes("`") || text.includes("\n") ? JSON.stringify(text) : goQuoted(text);
}

function goQuoted(text: string): string {
  return /["\\]/.test(text) ? `\`${text}\`` : `"${text}"`;
}

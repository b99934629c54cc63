/**
 * The house rule for the form of error texts.
 *
 * @module
 */
import { isTest, rule } from "./lint_rule.ts";

/** What is wrong with a text for people; undefined where nothing is. `last` and `first` are its ends. */
function textFault(first: string, last: string): string | undefined {
  if (/[\n\r]/.test(first + last)) return "an error is one line";
  if (/^(\s|error\b)/i.test(first)) return "an error's text does not start with a blank or 'error'";
  return /([\s.!:;]|(?<!\\),)$/.test(last)
    ? "an error's text has no full stop, no blank at its end"
    : undefined;
}

/** The ends of a text that is written down: literal, template, or a sum of such. Undefined parts are computed. */
function ends(node: Deno.lint.Node | undefined): [string, string] | undefined {
  if (node?.type === "Literal") {
    return typeof node.value === "string" ? [node.value, node.value] : undefined;
  }
  if (node?.type === "TemplateLiteral") {
    const texts = node.quasis.map(({ cooked }) => cooked);
    return [texts[0] ?? "", texts.at(-1) ?? ""];
  }
  if (node?.type !== "BinaryExpression") return undefined;
  return [ends(node.left as Deno.lint.Node)?.[0] ?? "", ends(node.right)?.[1] ?? ""];
}

/** Where message and hint stand among the arguments: of our errors, the language's, and what makes one. */
const PLACES: ReadonlyMap<string, readonly [message: number, more?: number]> = new Map([
  ["KumaError", [1, 2]],
  ["UsageError", [0, 1]],
  ["VariableError", [2]],
  ["Error", [0]],
  ["TypeError", [0]],
  ["RangeError", [0]],
  ["SyntaxError", [0]],
  ["refused", [1, 2]],
]);

/** The form of an error's message and hint: one line, which other texts can follow. */
export const errorTextRule: Deno.lint.Rule = rule((context, file) => {
  const look = (node: Deno.lint.NewExpression | Deno.lint.CallExpression) => {
    if (isTest(file) || node.callee.type !== "Identifier") return;
    const [at, most] = PLACES.get(node.callee.name) ?? [];
    if (at === undefined) return;
    for (const text of [node.arguments[at], ...hintsOf(node.arguments[most ?? -1])]) {
      const [first, last] = ends(text) ?? [];
      if (first === undefined || last === undefined) continue;
      const message = textFault(first, last);
      if (message !== undefined) context.report({ node: text ?? node, message });
    }
  };
  return { NewExpression: look, CallExpression: look };
});

/** A hint is an argument of its own or a member `hint` of the options. */
function hintsOf(more: Deno.lint.Node | undefined): Deno.lint.Node[] {
  if (more === undefined) return [];
  if (more.type !== "ObjectExpression") return [more];
  return more.properties.flatMap((one) =>
    one.type === "Property" && one.key.type === "Identifier" && one.key.name === "hint"
      ? [one.value as Deno.lint.Node]
      : []
  );
}

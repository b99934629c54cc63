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

/** The form of an error's message and hint: one line, which other texts can follow. */
export const errorTextRule: Deno.lint.Rule = rule((context, file) => ({
  NewExpression(node) {
    if (isTest(file) || node.callee.type !== "Identifier") return;
    const [at, most] = { KumaError: [1, 2], UsageError: [0, 1] }[node.callee.name] ?? [];
    if (at === undefined || most === undefined) return;
    const options = node.arguments[most];
    const hints = options?.type !== "ObjectExpression"
      ? []
      : options.properties.flatMap((one) =>
        one.type === "Property" && one.key.type === "Identifier" && one.key.name === "hint"
          ? [one.value as Deno.lint.Node]
          : []
      );
    for (const text of [node.arguments[at], ...hints]) {
      const [first, last] = ends(text) ?? [];
      if (first === undefined || last === undefined) continue;
      const message = textFault(first, last);
      if (message !== undefined) context.report({ node: text ?? node, message });
    }
  },
}));

/**
 * What the house rules of the linter share.
 *
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** True for a test or what only tests use. `file` is a path from the checkout's root. */
export function isTest(file: string): boolean {
  return file.startsWith("tests/") || file.endsWith("_test.ts");
}

/** A rule that is told which file it looks at, as a path from the checkout's root. */
export function rule(
  create: (context: Deno.lint.RuleContext, file: string) => Deno.lint.LintVisitor,
): Deno.lint.Rule {
  return {
    create(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
      return create(context, relative(ROOT, context.filename));
    },
  };
}

/**
 * The page of checks: what the tables of checks say, below what is written by hand.
 *
 * @module
 */
import { CHECK_TABLES } from "core/check/tables.ts";

/** Stands in `docs/check.md` between the two. */
const PAGE_MARK = "<!-- From here on, the tables of core/check write this page. -->\n";

/**
 * The page anew.
 *
 * @param page as it is
 * @throws {SyntaxError} where the mark is not there once
 */
export function checksPage(page: string): string {
  const [byHand, ...rest] = page.split(PAGE_MARK);
  if (rest.length !== 1) {
    throw new SyntaxError(`Cannot write docs/check.md: it needs the line ${PAGE_MARK.trim()} once`);
  }
  return `${byHand}${PAGE_MARK}\n${checks()}`;
}

/** One heading a check, so that each has an anchor of its own name. */
function checks(): string {
  const parts = CHECK_TABLES.map(({ heading, sections }) => {
    const texts = Object.values(sections).map(({ title, checks }) => {
      const entries = Object.entries(checks).map(([name, check]) =>
        `#### ${name}\n\n${check.title} (\`${check.code}\`). ${check.about} What to do: ${check.todo}.\n`
      );
      return `### ${title}\n\n${entries.join("\n")}`;
    });
    return `## ${heading}\n\n${texts.join("\n")}`;
  });
  return parts.join("\n");
}

/**
 * The part of the documentation that the tables of checks write.
 *
 * @module
 */
import { CHECK_TABLES } from "./tables.ts";

/** Stands before it in `docs/check.md`; what is above is written by hand. */
export const PAGE_MARK = "<!-- From here on, the tables of core/check write this page. -->\n";

/** One heading a check, so that each has an anchor of its own name. */
export function checksPage(): string {
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

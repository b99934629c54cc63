/**
 * The table of values for the documentation.
 *
 * @module
 */
import type { Meaning, ValueDefinition } from "core/manifests/values/definition.ts";
import { VALUES } from "core/manifests/values/table.ts";

const HEADINGS: readonly (readonly [Meaning, string, string])[] = [
  ["taken", "Taken as they are", "They mean what they mean in Kuma's chart."],
  ["differs", "Taken, with a difference", "The last column says what differs."],
  ["ours", "Our own", "Kuma's chart has none of these names."],
  [
    "meaningless",
    "Without effect",
    "They are about something that is not here. Another value than the default is warned about.",
  ],
  [
    "refused",
    "Refused",
    "They ask for what cannot be done here. Another value than the default is an error.",
  ],
];

/** The page, as Markdown. */
export function valuesPage(): string {
  const sections = HEADINGS.map(([meaning, title, text]) => {
    const rows = VALUES.filter((one) => one.meaning === meaning).map(row);
    return `## ${title}\n\n${text}\n\n| Value | Default | |\n|---|---|---|\n${rows.join("")}`;
  });
  return `# Values of \`kumactl install control-plane\`

Made from the table that the command itself reads, so every value of Kuma's chart is here with what it means. All of them may
have the prefix \`kuma.\`. A name that is not in this table is an error, with the nearest that is.

${sections.join("\n")}`;
}

function row({ path, initial, help }: ValueDefinition): string {
  const text = JSON.stringify(initial);
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  const cell = (words: string) => words.replaceAll("|", "\\|");
  return `| \`${path}\` | \`${cell(shown)}\` | ${cell(help)} |\n`;
}

/**
 * Makes docs/differences.md of the tables beside.
 *
 * @module
 */
import { CONTROLLER, SERVER } from "./admission.ts";
import type { Difference, DifferenceSection } from "./difference.ts";
import { DOCUMENTS } from "./documents.ts";
import { EBPF } from "./ebpf.ts";
import { HOST } from "./host.ts";
import { INJECTION, PATCHES } from "./injection.ts";
import { INSTALLER, PLUGIN } from "./nodes.ts";
import { INSTALLING } from "./installing.ts";
import { NODES_AND_LEADER } from "./nodes_and_leader.ts";

/** Every section, in the order of the page. */
export const SECTIONS: readonly DifferenceSection[] = [
  HOST,
  DOCUMENTS,
  PLUGIN,
  INSTALLER,
  INJECTION,
  PATCHES,
  SERVER,
  CONTROLLER,
  INSTALLING,
  NODES_AND_LEADER,
  EBPF,
];

const HEAD = `<!-- Made by 'deno task differences' from build/differences: change it there. -->

# What you will notice when you come from Kuma 2.9

Flags, annotations, configuration, environment variables and effects are those of Kuma 2.9. Where they are not, it is on purpose and in
these tables: what differs, why, and what to do about it. What is refused is refused with a code that \`kumactl explain\` knows. What only
goes beyond Kuma is in the pages about each program; what becomes of each value of Kuma's chart is in [values.md](values.md).
`;

/** The page's text. */
export function differencesPage(): string {
  return [HEAD, ...SECTIONS.map(section)].join("\n");
}

function section({ title, differences }: DifferenceSection): string {
  const lines = [
    `## ${title}`,
    "",
    "| What | Kuma 2.9 | Here | Why | What to do |",
    "|---|---|---|---|---|",
    ...differences.map(line),
  ];
  return `${lines.join("\n")}\n`;
}

function line({ what, kuma, here, why, todo }: Difference): string {
  return `| ${[what, kuma, here, why, todo].join(" | ")} |`;
}

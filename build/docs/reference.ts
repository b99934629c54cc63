/**
 * The command reference: a page in Markdown for each program, made of the tables that it is parsed by.
 *
 * @module
 */
import { inLines } from "core/program/help.ts";
import type { FlagDefinition } from "core/program/command.ts";
import type { Program } from "core/program/program.ts";
import { KUMA_VERSION } from "core/version.ts";
import {
  commandsOf,
  type DescribedCommand,
  exitCodesOf,
  flagText,
  sentences,
} from "./described.ts";
import { schemaFile } from "./documents.ts";
import { settingsOf } from "./program_settings.ts";

/** The texts of all pages in docs/reference, by file name. */
export function referencePages(programs: readonly Program[]): Map<string, string> {
  return new Map([
    ["README.md", index(programs)],
    ...programs.map((program): [string, string] => [`${program.name}.md`, pageOf(program)]),
  ]);
}

function index(programs: readonly Program[]): string {
  const rows = programs.map(({ name, description }) =>
    `| [\`${name}\`](${name}.md) | ${cell(description)} |`
  );
  return [
    "# Command reference",
    "",
    "Every command and flag of every program, as `--help` and the man pages have them. These pages are written by",
    "`deno task docs` from the tables that the programs parse their command lines with.",
    "",
    "| Program | |",
    "|---|---|",
    ...rows,
    "",
    "What `-o json` and `-o yaml` print has a JSON Schema in [docs/schemas](../schemas). A document names its own in the member",
    "`schema`: `kuma.io/version/v1` is [version.v1.json](../schemas/version.v1.json). A later release may add members; where one",
    "goes away or changes its meaning, the version goes up.",
    "",
  ].join("\n");
}

function pageOf(program: Program): string {
  const commands = commandsOf(program);
  return [
    `# ${program.name}`,
    "",
    `${program.description} (behaves as Kuma ${KUMA_VERSION}). \`${program.name} --version\` prints its version.`,
    "",
    "| Command | |",
    "|---|---|",
    ...commands.map(({ line, summary }) =>
      `| [\`${line}\`](#${anchor(line)}) | ${cell(summary)} |`
    ),
    "",
    ...commands.flatMap(commandSection),
    "## Exit codes",
    "",
    "| Code | |",
    "|---|---|",
    ...exitCodesOf(program).map(([code, text]) => `| ${code} | ${cell(text)} |`),
    "",
    ...variables(program),
    ...settings(program.name),
  ].join("\n").replace(/\n+$/, "\n");
}

function commandSection(command: DescribedCommand): string[] {
  const { line, operands, shownFlags, examples, schema } = command;
  return [
    `## ${line}`,
    "",
    "```sh",
    `${line} ${operands}`,
    "```",
    "",
    cell(sentences(command)),
    "",
    "| Flag | | Default | Variable |",
    "|---|---|---|---|",
    ...shownFlags.map(flagRow),
    "",
    ...schema === undefined ? [] : [
      `\`-o json\` and \`-o yaml\` print a document of [\`${schema}\`](../schemas/${
        schemaFile(schema)
      }).`,
      "",
    ],
    ...examples.length === 0 ? [] : [
      "```sh",
      ...examples.flatMap(({ does, command }, at) => [
        ...at === 0 ? [] : [""],
        `# ${does}`,
        inLines(command, 100),
      ]),
      "```",
      "",
    ],
  ];
}

function flagRow(flag: FlagDefinition): string {
  const { name, short, bool, placeholder = "value", defaultText = "", choices, variable } = flag;
  const value = bool ? "" : ` <${placeholder}>`;
  const term = `${short === undefined ? "" : `\`-${short}\`, `}\`--${name}${value}\``;
  // Help names the values of some flags by itself.
  const listed = choices !== undefined && !choices.every((choice) => flag.help.includes(choice));
  const values = listed ? `: ${choices.map((choice) => `\`${choice}\``).join(", ")}` : "";
  const words = [
    term,
    `${cell(flagText(flag))}${values}`,
    code(defaultText),
    code(variable ?? ""),
  ];
  return `| ${words.join(" | ")} |`;
}

function variables({ variables }: Program): string[] {
  if (variables === undefined) return [];
  return [
    "## Environment variables",
    "",
    "| Variable | | Default |",
    "|---|---|---|",
    ...Object.entries(variables).map(([name, { says, fallback }]) =>
      `| \`${name}\` | ${cell(says)} | ${code(fallback)} |`
    ),
    "",
  ];
}

function settings(program: string): string[] {
  const table = settingsOf(program);
  if (table === undefined) return [];
  return [
    "## Settings",
    "",
    "Each stands in the control plane's YAML document (`--config-file`) under its key, or in the variable, which wins.",
    "",
    "| Key | Variable | Default |",
    "|---|---|---|",
    ...table.map(({ key, env, initial }) =>
      `| \`${key}\` | \`${env}\` | ${
        code(typeof initial === "string" ? initial : JSON.stringify(initial))
      } |`
    ),
    "",
  ];
}

/** The anchor that Markdown renderers give a heading. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^a-z0-9 -]/g, "").replaceAll(" ", "-");
}

/** Text in a cell: what would end the cell or begin markup is taken literally. */
function cell(text: string): string {
  return text.replace(/[|<>*_[\]]/g, "\\$&");
}

function code(text: string): string {
  return text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}

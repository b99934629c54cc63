/**
 * Manual pages in the man(7) macros of roff, made of the tables that command lines are parsed by: one for each program
 * and one for each of its commands, as git has them.
 *
 * @module
 */
import type { CommandDefinition, FlagDefinition } from "core/program/command.ts";
import { inLines } from "core/program/help.ts";
import type { Program } from "core/program/program.ts";
import { KUMA_VERSION, VERSION } from "core/version.ts";
import {
  commandsOf,
  type DescribedCommand,
  exitCodesOf,
  flagText,
  sentences,
} from "./described.ts";

/** System administration commands: all of these are started by root, or by a node's own programs. */
const SECTION = 8;

/**
 * The pages of a program by file name, `kumactl-install-transparent-proxy.8`.
 *
 * @param date of the release, `2026-11-27`
 */
export function manPages(program: Program, date: string): Map<string, string> {
  const commands = commandsOf(program);
  const pages = new Map([[`${program.name}.${SECTION}`, programPage(program, commands, date)]]);
  for (const command of commands) {
    pages.set(`${pageName(command.line)}.${SECTION}`, commandPage(program, command, date));
  }
  return pages;
}

function programPage(program: Program, commands: readonly DescribedCommand[], date: string) {
  const { name, description, otherwise } = program;
  return [
    head(name, description, name, date),
    ".SH SYNOPSIS",
    `.B ${text(name)}`,
    otherwise === undefined ? ".I command" : ".RI [ command ]",
    ".RI [ flags ]",
    ".SH DESCRIPTION",
    paragraph(`${description}. It behaves as Kuma ${KUMA_VERSION}.`),
    ".SH COMMANDS",
    ...commands.flatMap(({ line, summary }) => [
      ".TP",
      `.BR ${text(pageName(line))} (${SECTION})`,
      paragraph(summary),
    ]),
    ...exitStatus(program),
    ...environment(
      Object.entries(program.variables ?? {}).map(([variable, of]) => ({
        variable,
        says: of.fallback === "" ? of.says : `${of.says} (default ${of.fallback})`,
      })),
    ),
    "",
  ].join("\n");
}

function commandPage(program: Program, command: DescribedCommand, date: string): string {
  const { line, operands, summary, shownFlags, examples } = command;
  const variables = shownFlags.flatMap(({ variable, name }) =>
    variable === undefined ? [] : [{ variable, says: `as --${name}, where that is not given` }]
  );
  return [
    head(pageName(line), summary, program.name, date),
    ".SH SYNOPSIS",
    `.B ${text(line)}`,
    ...operands.split(" ").map((operand) => `.RI [ ${text(operand.slice(1, -1))} ]`),
    ".SH DESCRIPTION",
    paragraph(sentences(command)),
    ...output(command),
    ".SH OPTIONS",
    ...shownFlags.flatMap(option),
    ...exitStatus(program),
    ...environment(variables),
    ...examples.length === 0 ? [] : [".SH EXAMPLES", ...examples.flatMap(example).slice(1)],
    ".SH SEE ALSO",
    `.BR ${text(program.name)} (${SECTION})`,
    "",
  ].join("\n");
}

/** Title and name; `name - what it does` is what whatis(1) reads. */
function head(name: string, summary: string, program: string, date: string): string {
  const title = [text(name.toUpperCase()), SECTION, date, text(`${program} ${VERSION}`), "Kuma"];
  return [
    `.\\" Made of the program's table of commands by the build of its release.`,
    `.TH ${title.map((word) => `"${word}"`).join(" ")}`,
    // Names of variables are longer than a line has room to spread words, and must not be broken.
    ".ad l",
    ".nh",
    ".SH NAME",
    // One line: whatis(1) reads no second.
    `${text(name)} \\- ${text(summary)}`,
  ].join("\n");
}

function output({ schema }: CommandDefinition): string[] {
  if (schema === undefined) return [];
  return [
    ".PP",
    paragraph(
      `With --output json or yaml it prints a document of the schema ${schema}, which docs/schemas of the sources has.`,
    ),
  ];
}

function option(flag: FlagDefinition): string[] {
  const { name, short, bool, placeholder = "value", defaultText = "", choices } = flag;
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  const fallback = defaultText === "" ? "" : ` (default ${defaultText})`;
  const known = choices === undefined || choices.every((choice) => flag.help.includes(choice));
  const values = known ? "" : `: ${choices.join(", ")}`;
  return [
    ".TP",
    bool ? `.B ${text(names)}` : `.BI "${text(names)} " ${quoted(placeholder)}`,
    paragraph(`${flagText(flag)}${values}${fallback}`),
  ];
}

function exitStatus(program: Program): string[] {
  const codes = exitCodesOf(program);
  return [
    ".SH EXIT STATUS",
    ...codes.flatMap(([code, says]) => [".TP", `.B ${code}`, paragraph(says)]),
  ];
}

function environment(rows: readonly { variable: string; says: string }[]): string[] {
  if (rows.length === 0) return [];
  return [
    ".SH ENVIRONMENT",
    ...rows.flatMap(({ variable, says }) => [
      ".TP",
      // A few are longer than a line is wide: they may go on in the next one.
      `.B ${text(variable).replaceAll("_", "_\\:")}`,
      paragraph(says),
    ]),
  ];
}

function example({ does, command }: CommandDefinition["examples"][number]): string[] {
  const lines = inLines(command, 68).split("\n").map((line) => literal(text(line)));
  return [".PP", paragraph(`${does}:`), ".PP", ".RS 4", ".nf", ...lines, ".fi", ".RE"];
}

/** `kumactl-explain-packet` of `kumactl explain packet`. */
function pageName(line: string): string {
  return line.replaceAll(" ", "-");
}

/** Text in lines of at most 80 bytes, of which none is a request. */
function paragraph(plain: string): string {
  const lines: string[] = [];
  for (const word of text(plain).split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > 77) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map(literal).join("\n");
}

/** A line that begins with what a request begins with, too. */
function literal(line: string): string {
  return line.replace(/^(?=[.'])/, "\\&");
}

function quoted(word: string): string {
  return `"${text(word)}"`;
}

/** Text as roff takes it literally, in ASCII: `-` is the minus that a shell reads, not a hyphen. */
function text(plain: string): string {
  return plain.replace(/[\\\-"]|[^\x20-\x7e]/g, (character) => {
    if (character === "\\") return "\\e";
    if (character === "-") return "\\-";
    if (character === '"') return "\\(dq";
    const code = character.codePointAt(0) ?? 0;
    return `\\[u${code.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}

/**
 * Completion scripts for shells, made from a program's table of commands.
 *
 * @module
 */
import { shown } from "core/grammar/echo.ts";
import type { CommandDefinition, CommandTable, FlagDefinition } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** The shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/**
 * The completion script of a shell.
 *
 * @param program its name
 * @throws {UsageError} for a shell that there is no script for
 */
export function completionScript(program: string, table: CommandTable, shell: string): string {
  const commands = Object.entries(table).map(([name, definition]): Row => ({
    path: name.split(" "),
    ...definition,
  }));
  switch (shell) {
    case "bash":
      return bash(program, commands);
    case "zsh":
      // zsh runs bash's completion functions itself.
      return `#compdef ${program}\nautoload -U +X bashcompinit && bashcompinit\n${
        bash(program, commands)
      }`;
    case "fish":
      return fish(program, commands);
    default:
      throw new UsageError(`there is no completion for the shell '${shown(shell)}'`, {
        hint: `use ${SHELLS.join(", ")}`,
      });
  }
}

interface Row extends CommandDefinition {
  readonly path: readonly string[];
}

/** Words that may follow each beginning of a command line. */
function continuations(commands: readonly Row[]): Map<string, string[]> {
  const next = new Map<string, string[]>();
  for (const { path, argument } of commands) {
    const choices = argument?.choices ?? [];
    for (const [index, word] of [...path, ...choices].entries()) {
      const before = path.slice(0, Math.min(index, path.length)).join(" ");
      const known = next.get(before) ?? [];
      next.set(before, known.includes(word) ? known : [...known, word]);
    }
  }
  return next;
}

function visible(flags: readonly FlagDefinition[]): FlagDefinition[] {
  return flags.filter(({ hidden }) => hidden !== true);
}

function bash(program: string, commands: readonly Row[]): string {
  const shellName = `_${program.replaceAll("-", "_")}`;
  const words = [...continuations(commands)].map(([before, next]) =>
    `    "${before}") words="${next.join(" ")}" ;;`
  );
  const flags = commands.map(({ path, flags }) =>
    `    "${path.join(" ")}") words="${
      [...visible(flags).map(({ name, bool }) => `--${name}${bool ? "" : "="}`), "--help"].join(" ")
    }" ;;`
  );
  const choices = commands.flatMap(({ flags }) => visible(flags)).filter(({ choices }) => choices);
  const values = [...new Map(choices.map((flag) => [flag.name, flag]))].map(([name, { choices }]) =>
    `    --${name}) COMPREPLY=($(compgen -W "${choices?.join(" ")}" -- "$value")); return ;;`
  );
  const paths = commands.flatMap(({ flags }) => visible(flags)).filter(({ path }) => path);
  const files = [...new Set(paths.map(({ name }) => `--${name}`))].join("|");
  return `# bash completion for ${program}
${shellName}() {
  local words="" command="" word flag="" value="\${COMP_WORDS[COMP_CWORD]}" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in -* | "=") ;; *) [[ "\${COMP_WORDS[index - 1]}" == "=" ]] || command+="\${command:+ }$word" ;; esac
  done
  if [[ "$value" == "=" ]]; then flag="\${COMP_WORDS[COMP_CWORD - 1]}"; value=""
  elif [[ "\${COMP_WORDS[COMP_CWORD - 1]}" == "=" ]]; then flag="\${COMP_WORDS[COMP_CWORD - 2]}"
  elif [[ "\${COMP_WORDS[COMP_CWORD - 1]}" == --* ]]; then flag="\${COMP_WORDS[COMP_CWORD - 1]}"; fi
  case "$flag" in
${values.join("\n")}
    ${files}) COMPREPLY=($(compgen -f -- "$value")); return ;;
  esac
  if [[ "$value" == -* ]]; then case "$command" in
${flags.join("\n")}
  esac
  else case "$command" in
${words.join("\n")}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$value"))
  # zsh, which runs this function too, has no compopt.
  if [[ "\${COMPREPLY[0]}" == *= ]] && type compopt > /dev/null 2>&1; then compopt -o nospace; fi
}
complete -F ${shellName} ${program}
`;
}

function fish(program: string, commands: readonly Row[]): string {
  const lines = [`# fish completion for ${program}`, `complete -c ${program} -f`];
  for (const [before, next] of continuations(commands)) {
    const seen = before === "" ? [] : before.split(" ");
    const condition = [
      ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
      `not __fish_seen_subcommand_from ${next.join(" ")}`,
    ].join("; and ");
    lines.push(`complete -c ${program} -n '${condition}' -a '${next.join(" ")}'`);
  }
  for (const { path, flags } of commands) {
    const condition = path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    for (const flag of visible(flags)) {
      const value = flag.bool
        ? ""
        : flag.choices !== undefined
        ? ` -x -a '${flag.choices.join(" ")}'`
        : flag.path === true
        ? " -r -F"
        : " -x";
      const help = flag.help.replaceAll("'", "");
      lines.push(`complete -c ${program} -n '${condition}' -l ${flag.name}${value} -d '${help}'`);
    }
  }
  return `${lines.join("\n")}\n`;
}

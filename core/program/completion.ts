/**
 * Completion scripts for shells, made from a program's table of commands.
 *
 * @module
 */
import { shown } from "core/grammar/echo.ts";
import type { CommandDefinition, CommandTable, FlagDefinition } from "./command.ts";
import { type Shell, SHELLS } from "./shells.ts";
import { UsageError } from "./usage_error.ts";

/** What makes the script of each shell that there is one for. */
const SCRIPTS: Readonly<Record<Shell, (program: string, commands: readonly Row[]) => string>> = {
  bash,
  // zsh runs bash's completion functions itself.
  zsh: (program, commands) =>
    `#compdef ${program}\nautoload -U +X bashcompinit && bashcompinit\n${bash(program, commands)}`,
  fish,
};

/**
 * The completion script of a shell.
 *
 * @param program its name
 * @throws {UsageError} for a shell that there is no script for
 */
export function completionScript(program: string, table: CommandTable, shell: string): string {
  const known = SHELLS.find((one) => one === shell);
  if (known === undefined) {
    throw new UsageError(`there is no completion for the shell '${shown(shell)}'`, {
      hint: `use ${SHELLS.join(", ")}`,
    });
  }
  const commands = Object.entries(table).map(([name, definition]): Row => ({
    path: name.split(" "),
    ...definition,
  }));
  return SCRIPTS[known](program, commands);
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
  const values = bashValues(commands);
  return `# bash completion for ${program}
${shellName}() {
  local words="" command="" word flag="" value="\${COMP_WORDS[COMP_CWORD]}" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in -* | "=") ;; *) [[ "\${COMP_WORDS[index - 1]}" == "=" ]] || command+="\${command:+ }$word" ;; esac
  done
  if [[ "$value" == "=" ]]; then flag="\${COMP_WORDS[COMP_CWORD - 1]}"; value=""
  elif [[ "\${COMP_WORDS[COMP_CWORD - 1]}" == "=" ]]; then flag="\${COMP_WORDS[COMP_CWORD - 2]}"
  elif [[ "\${COMP_WORDS[COMP_CWORD - 1]}" == -* ]]; then flag="\${COMP_WORDS[COMP_CWORD - 1]}"; fi
  case "$command $flag" in
${values.join("\n")}
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

/** The branches that complete values: one for a flag whose values all commands share, else one for each command. */
function bashValues(commands: readonly Row[]): string[] {
  const byFlag = new Map<string, (readonly [path: string, words: string])[]>();
  // The longest first: `explain packet` begins as `explain` does.
  for (const { path, flags } of commands.toSorted((a, b) => b.path.length - a.path.length)) {
    for (const flag of visible(flags)) {
      const words = bashWords(flag);
      if (words === undefined) continue;
      const names = [`--${flag.name}`, ...flag.short === undefined ? [] : [`-${flag.short}`]];
      const key = names.join(" ");
      byFlag.set(key, [...byFlag.get(key) ?? [], [path.join(" "), words]]);
    }
  }
  return [...byFlag].flatMap(([names, all]) => {
    const [[, first] = ["", ""]] = all;
    const shared = all.every(([, words]) => words === first);
    const branches = shared ? [["*", first]] : all.map(([path, words]) => [`"${path}"*`, words]);
    return branches.map(([before, words]) => {
      const patterns = names.split(" ").map((name) => `${before}" ${name}"`);
      return `    ${patterns.join("|")}) ${words}; return ;;`;
    });
  });
}

/**
 * What sets the values of a flag that fit what is typed; undefined where nobody knows them. What is on the disk is read
 * line by line: a list of words (`compgen -W`) is expanded by the shell, and a file may be named `$(…)`.
 */
function bashWords({ bool, choices, completes, path }: FlagDefinition): string | undefined {
  const each = (words: string, fits = "") =>
    `COMPREPLY=(); while IFS= read -r word; do ${fits}COMPREPLY+=("$word"); done < <(compgen ${words})`;
  // Names that are typed as they are shown; the shell quotes others where it can.
  const files = `${each('-f -- "$value"')}; compopt -o filenames 2> /dev/null`;
  if (bool) return undefined;
  if (choices !== undefined) {
    return `COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$value"))`;
  }
  if (completes === "user") return each('-u -- "$value"');
  if (completes === "netns") {
    // Where `ip netns` keeps them; else any file, such as /proc/PID/ns/net. A name that the shell would read as something
    // else is not offered.
    const fits = '[[ "$word" == "$value"* && "$word" != *[!A-Za-z0-9_./:@%+,-]* ]] && ';
    return `${each("-G '/run/netns/*'", fits)}; [[ -n "\${COMPREPLY[0]}" ]] || { ${files}; }`;
  }
  return path === true ? files : undefined;
}

/** What fish completes the values of a flag with. */
function fishValues({ bool, choices, completes, path }: FlagDefinition): string {
  if (bool) return "";
  if (choices !== undefined) return ` -x -a '${choices.join(" ")}'`;
  if (completes === "user") return " -x -a '(__fish_complete_users)'";
  // A loop takes it without a complaint where nothing matches.
  if (completes === "netns") return " -r -F -a '(for one in /run/netns/*; echo $one; end)'";
  return path === true ? " -r -F" : " -x";
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
      const value = fishValues(flag);
      const help = flag.help.replaceAll("'", "");
      const names = `-l ${flag.name}${flag.short === undefined ? "" : ` -s ${flag.short}`}`;
      lines.push(`complete -c ${program} -n '${condition}' ${names}${value} -d '${help}'`);
    }
  }
  return `${lines.join("\n")}\n`;
}

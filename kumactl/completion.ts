import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { CODES } from "./codes.ts";
import { COMMANDS, type ParsedCommand } from "./commands.ts";
import type { FlagDefinition } from "./flags.ts";
import type { Io } from "./io.ts";

/** `kumactl completion SHELL`: a script for the shell, made from the table of commands. */
export function completionCommand({ words: [shell] }: ParsedCommand, io: Io): Promise<number> {
  io.out(completionScript(shell ?? ""));
  return Promise.resolve(0);
}

/**
 * The completion script of a shell.
 *
 * @throws KumaError `KUMA-TP-018` for a shell that there is no script for.
 */
export function completionScript(shell: string): string {
  switch (shell) {
    case "bash":
      return bash();
    case "zsh":
      // zsh runs bash's completion functions itself.
      return `#compdef kumactl\nautoload -U +X bashcompinit && bashcompinit\n${bash()}`;
    case "fish":
      return fish();
    default:
      throw new KumaError("KUMA-TP-018", `there is no completion for the shell '${shown(shell)}'`, {
        hint: "use bash, zsh or fish",
      });
  }
}

/** Words that may follow each beginning of a command line. */
function continuations(): Map<string, string[]> {
  const next = new Map<string, string[]>();
  for (const { path, argument } of COMMANDS) {
    const choices = path[0] === "explain" ? Object.keys(CODES) : argument?.choices ?? [];
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

function bash(): string {
  const words = [...continuations()].map(([before, next]) =>
    `    "${before}") words="${next.join(" ")}" ;;`
  );
  const flags = COMMANDS.map(({ path, flags }) =>
    `    "${path.join(" ")}") words="${
      [...visible(flags).map(({ name, bool }) => `--${name}${bool ? "" : "="}`), "--help"].join(" ")
    }" ;;`
  );
  const choices = COMMANDS.flatMap(({ flags }) => visible(flags)).filter(({ choices }) => choices);
  const values = [...new Map(choices.map((flag) => [flag.name, flag]))].map(([name, { choices }]) =>
    `    --${name}) COMPREPLY=($(compgen -W "${choices?.join(" ")}" -- "$value")); return ;;`
  );
  const paths = COMMANDS.flatMap(({ flags }) => visible(flags)).filter(({ path }) => path);
  const files = [...new Set(paths.map(({ name }) => `--${name}`))].join("|");
  return `# bash completion for kumactl
_kumactl() {
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
complete -F _kumactl kumactl
`;
}

function fish(): string {
  const lines = ["# fish completion for kumactl", "complete -c kumactl -f"];
  for (const [before, next] of continuations()) {
    const seen = before === "" ? [] : before.split(" ");
    const condition = [
      ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
      `not __fish_seen_subcommand_from ${next.join(" ")}`,
    ].join("; and ");
    lines.push(`complete -c kumactl -n '${condition}' -a '${next.join(" ")}'`);
  }
  for (const { path, flags } of COMMANDS) {
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
      lines.push(`complete -c kumactl -n '${condition}' -l ${flag.name}${value} -d '${help}'`);
    }
  }
  return `${lines.join("\n")}\n`;
}

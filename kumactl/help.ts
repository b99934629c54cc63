import type { CommandDefinition } from "./commands.ts";

/** What the exit codes mean; part of every help. */
export const EXIT_CODES = [
  "Exit codes:",
  "  0  done (also where IPv6 was left out because the host has none), or nothing to do",
  "  1  failed; one line on standard error says why, 'kumactl explain CODE' says more",
].join("\n");

/** The examples and exit codes that end the help of a command. */
export function helpTail(definition: CommandDefinition): string {
  const examples = definition.examples.map(({ does, command }) => `  # ${does}\n  ${command}\n`);
  return `Examples:\n${examples.join("\n")}\n${EXIT_CODES}`;
}

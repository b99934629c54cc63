/**
 * The command `completion` of a program whose table of commands says all there is to complete.
 *
 * @module
 */
import type { CommandDefinition, CommandTable, Handler } from "./command.ts";
import { SHELLS } from "./shells.ts";

/** Its entry in the table. */
export function completionDefinition(program: string): CommandDefinition {
  return {
    summary: "print the completion script of a shell",
    flags: [],
    argument: { name: "shell", choices: SHELLS },
    examples: [
      { does: "for this bash session", command: `source <(${program} completion bash)` },
      {
        does: "for every fish session",
        command: `${program} completion fish > ~/.config/fish/completions/${program}.fish`,
      },
    ],
  };
}

/** Prints the script of the shell that the command line names. */
export function completionHandler(program: string, commands: CommandTable): () => Promise<Handler> {
  return () =>
    Promise.resolve(async ({ words: [shell] }, io) => {
      const { completionScript } = await import("./completion.ts");
      io.out(completionScript(program, commands, shell ?? ""));
      return 0;
    });
}

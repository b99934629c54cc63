/**
 * The command `completion` of a program whose table of commands says all there is to complete.
 *
 * @module
 */
import type { CommandTable, Handler } from "./command.ts";
import { completionScript } from "./completion.ts";

/** Prints the script of the shell that the command line names. */
export function completionHandler(program: string, commands: CommandTable): () => Promise<Handler> {
  return () =>
    Promise.resolve(({ words: [shell] }, io) => {
      io.out(completionScript(program, commands, shell ?? ""));
      return 0;
    });
}

/**
 * The command `version`, which every program has.
 *
 * @module
 */
import type { CommandDefinition, Handler } from "./command.ts";
import { versionText } from "./version.ts";

/** The version alone on one line; `--detailed` says what it was built of, too. */
export function versionDefinition(program: string): CommandDefinition {
  return {
    summary: "print the version",
    flags: [{ name: "detailed", bool: true, help: "also commit, Deno's version and target" }],
    examples: [
      { does: "the version alone", command: `${program} version` },
      { does: "what to put into a report", command: `${program} version --detailed` },
    ],
  };
}

/** Prints it. */
export function versionHandler(program: string): () => Promise<Handler> {
  return () =>
    Promise.resolve((parsed, io) => {
      io.out(versionText(program, parsed.on("detailed")));
      return 0;
    });
}

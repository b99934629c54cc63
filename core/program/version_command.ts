/**
 * The command `version`, which every program has.
 *
 * @module
 */
import type { CommandDefinition, Handler } from "./command.ts";
import { FORMATS, outputFlag, printDocument } from "./output.ts";
import { versionDocument, versionText } from "./version.ts";

/** The version alone on one line; `--detailed` and documents say what it was built of, too. */
export function versionDefinition(program: string): CommandDefinition {
  return {
    summary: "print the version",
    flags: [
      { name: "detailed", bool: true, help: "also commit, Deno's version and target" },
      outputFlag(),
    ],
    schema: "kuma.io/version/v1",
    examples: [
      { does: "the version alone", command: `${program} version` },
      { does: "what to put into a report", command: `${program} version --detailed` },
    ],
  };
}

/** Prints it. */
export function versionHandler(program: string): () => Promise<Handler> {
  return () =>
    Promise.resolve(async (parsed, io) => {
      const format = parsed.choice("output", FORMATS);
      if (format === "text") io.out(versionText(program, parsed.on("detailed")));
      else await printDocument(io, format, versionDocument(program));
      return 0;
    });
}

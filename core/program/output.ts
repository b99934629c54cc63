/**
 * What a command prints for programs: one document, as JSON or YAML, that names its own schema.
 *
 * A document is an interface that extends {@linkcode Document}; `build/docs/documents.ts` names its file, and
 * `deno task docs` makes the JSON Schema of it in `docs/schemas`.
 *
 * @module
 */
import { legible } from "core/text/legible.ts";
import type { FlagDefinition } from "./command.ts";
import type { Io } from "./io.ts";

/**
 * Name and version of a document: `kuma.io/kumactl-check/v1` is what `kumactl check` prints. The version goes up where
 * a member changes its meaning or goes away; new members may come at any time.
 */
export type SchemaName = `kuma.io/${string}/v${number}`;

/** What every document says of itself. */
export interface Document {
  /** Name and version of the JSON Schema in docs/schemas that this document keeps to. */
  readonly schema: SchemaName;
}

/** How a command tells what it has to tell: for people, or as a document. */
export const FORMATS = ["text", "json", "yaml"] as const;

/** The formats of documents. */
export type DocumentFormat = "json" | "yaml";

/** `--output`, `-o`, of a command that prints a document; `choices` where it knows further formats. */
export function outputFlag(choices: readonly string[] = FORMATS): FlagDefinition {
  return {
    name: "output",
    short: "o",
    bool: false,
    placeholder: "format",
    choices,
    defaultText: choices[0] ?? "text",
    help: "how it is told: for people, or as a document for programs",
  };
}

/** Writes a document to standard output, with a line end. Members that are undefined are left out. */
export async function printDocument(
  io: Io,
  format: DocumentFormat,
  document: Document,
): Promise<void> {
  if (format === "json") return io.out(`${JSON.stringify(document, undefined, 2)}\n`);
  const { stringify } = await import("core/proxy/yaml_library.ts");
  // By way of JSON, so that both formats say the same of whatever a member holds.
  const json = JSON.stringify(document);
  io.out(stringify(JSON.parse(json), {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    // Only there is `\u202e` the character.
    ...legible(json) === json ? {} : { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN" },
  }));
}

/**
 * JSON Schemas of the types of documents: what a type says is what its schema says, comments included.
 *
 * @module
 */
import {
  type CompletedConfig,
  createFormatter,
  createParser,
  createProgram,
  DEFAULT_CONFIG,
  type Schema,
  SchemaGenerator,
} from "ts-json-schema-generator";
import { ROOT } from "../task.ts";
import { DOCUMENTS, type DocumentType, schemaFile } from "./documents.ts";

/** What the library's TypeScript has to know of the checkout; it checks no types, which `deno check` does. */
const TSCONFIG = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    module: "esnext",
    moduleResolution: "bundler",
    target: "esnext",
    lib: ["esnext"],
    types: [],
    paths: { "core/*": [`${ROOT}/core/*`] },
  },
};

/** The texts of all files in docs/schemas, by name. */
export function schemaTexts(): Map<string, string> {
  const tsconfig = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    const files = new Set(Object.values(DOCUMENTS).map(({ file }) => `${ROOT}/${file}`));
    Deno.writeTextFileSync(tsconfig, JSON.stringify({ ...TSCONFIG, files: [...files] }));
    const config: CompletedConfig = {
      ...DEFAULT_CONFIG,
      tsconfig,
      skipTypeCheck: true,
      expose: "all",
      topRef: false,
      additionalProperties: false,
    };
    // Reading the sources is what costs time: once for all.
    const program = createProgram(config);
    const one = ([name, where]: [string, DocumentType]): [string, string] => [
      schemaFile(name),
      `${JSON.stringify(schemaOf(name, where, program, config), undefined, 2)}\n`,
    ];
    return new Map(Object.entries(DOCUMENTS).map(one));
  } finally {
    Deno.removeSync(tsconfig);
  }
}

type SourceProgram = ReturnType<typeof createProgram>;
type Statement = Parameters<SchemaGenerator["createSchemaFromNodes"]>[0][number];

function schemaOf(
  name: string,
  { file, type }: DocumentType,
  program: SourceProgram,
  config: CompletedConfig,
): Schema {
  // By its file, since types of several files have the same name.
  const statements = program.getSourceFile(`${ROOT}/${file}`)?.statements ?? [];
  const node = statements.find((one: Statement & { name?: { text?: string } }) =>
    one.name?.text === type
  );
  if (node === undefined) throw new TypeError(`${file} has no interface ${type} for ${name}`);
  const formatter = createFormatter(config);
  const generator = new SchemaGenerator(program, createParser(program, config), formatter, config);
  const { $schema = "", ...schema } = generator.createSchemaFromNodes([node]);
  const text = JSON.stringify({ $schema, $id: name, ...schema }, codesByPattern);
  return namedDefinitions(JSON.parse(text) as Schema);
}

/**
 * The same schema with definitions of named types alone. The library also defines `Readonly<Record<string,number>>`,
 * and names a type without a name by where it stands in its file: an edit above it would rename the definition.
 * These stand where they are used.
 */
export function namedDefinitions({ definitions = {}, ...schema }: Schema): Schema {
  const place = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(place);
    if (typeof value !== "object" || value === null) return value;
    const { $ref, ...rest } = value as { $ref?: unknown };
    const name = typeof $ref === "string" && decodeURIComponent(/[^/]*$/.exec($ref)![0]);
    const inline = typeof name === "string" && !NAME.test(name) ? definitions[name] : undefined;
    // What the definition says of itself is TypeScript's library's: "Make all properties in T readonly".
    const there = inline === undefined
      ? value
      : { ...inline as object, description: undefined, ...rest };
    return Object.fromEntries(Object.entries(there).map(([key, one]) => [key, place(one)]));
  };
  const named = Object.entries(definitions).filter(([name]) => NAME.test(name));
  const kept = named.length === 0 ? {} : { definitions: Object.fromEntries(named) };
  return place({ ...schema, ...kept }) as Schema;
}

const NAME = /^\w+$/;

/** Of error codes there are more with every release, which changes no document: a schema says what one looks like. */
function codesByPattern(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("enum" in value)) return value;
  const { enum: words, ...rest } = value as { enum: unknown };
  const codes = Array.isArray(words) && words.every((word) => CODE.test(String(word)));
  return codes && words.length > 20 ? { ...rest, pattern: CODE.source } : value;
}

const CODE = /^KUMA-[A-Z]+-[0-9]{3}$/;

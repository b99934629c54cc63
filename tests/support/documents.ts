/**
 * Documents of programs, held against the schemas of docs/schemas.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Ajv } from "ajv";
import { schemaFile } from "build/docs/documents.ts";
import { parse } from "core/proxy/yaml_library.ts";

const SCHEMAS = new URL("../../docs/schemas/", import.meta.url);

/**
 * The document that a command printed with `-o json` or `-o yaml`, after it was held against the schema that it names.
 *
 * @throws {AssertionError} where it is none of that name or breaks the schema; the message says where
 */
export function checkedDocument<T extends object = Record<string, unknown>>(
  printed: string,
  schema: string,
  format: "json" | "yaml" = "json",
): T {
  const document: T & { readonly schema?: unknown } = format === "json"
    ? JSON.parse(printed)
    : parse(printed);
  assert.equal(document.schema, schema, printed.slice(0, 300));
  const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
  const text = Deno.readTextFileSync(new URL(schemaFile(schema), SCHEMAS));
  const validate = ajv.compile(JSON.parse(text));
  assert.ok(validate(document), ajv.errorsText(validate.errors, { separator: "\n" }));
  return document;
}

import assert from "node:assert/strict";
import { checkedDocument } from "tests/support/documents.ts";
import { type Document, printDocument } from "./output.ts";
import { FakeIo } from "./testing.ts";
import { versionDocument } from "./version.ts";

Deno.test("JSON and YAML say the same, and a member that is undefined is in neither", async () => {
  const document = versionDocument("kumactl");
  const [json, yaml] = [new FakeIo(), new FakeIo()];
  await printDocument(json, "json", document);
  await printDocument(yaml, "yaml", document);
  const checked = checkedDocument(json.stdout, "kuma.io/version/v1");
  assert.deepEqual(checkedDocument(yaml.stdout, "kuma.io/version/v1", "yaml"), checked);
  assert.deepEqual(Object.keys(checked), [
    ...["schema", "program", "version", "behavesAsKuma", "deno", "target"],
  ]);
  assert.match(json.stdout, /\}\n$/);
});

Deno.test("a document that breaks its schema, or is of another one, is told with the place", async () => {
  const io = new FakeIo();
  const document: Document & { version: number } = {
    ...versionDocument("kumactl"),
    version: 1,
  };
  await printDocument(io, "json", document);
  assert.throws(
    () => checkedDocument(io.stdout, "kuma.io/version/v1"),
    /data\/version must be string/,
  );
  assert.throws(() => checkedDocument(io.stdout, "kuma.io/version/v2"));
});

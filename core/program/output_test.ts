import assert from "node:assert/strict";
import { parse } from "core/proxy/yaml_library.ts";
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

Deno.test("nothing in a document commands a terminal, and all of it can be read back", async () => {
  const hostile = "a\x1b[31m\u009b\u202e\u2028\x7f\nb";
  const document = { ...versionDocument("kumactl"), [hostile]: hostile, list: ["\u202e", "plain"] };
  for (const format of ["json", "yaml"] as const) {
    const io = new FakeIo();
    await printDocument(io, format, document);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(io.stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]/);
    assert.deepEqual(parse(io.stdout), JSON.parse(JSON.stringify(document)));
  }
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

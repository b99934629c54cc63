import assert from "node:assert/strict";
import { join } from "node:path";
import { checkedDocument } from "tests/support/documents.ts";
import { CODES } from "./codes.ts";
import type { ExplainDocument } from "./explain.ts";
import { kumactl } from "./testing.ts";

const ROOT = join(import.meta.dirname ?? "", "..");
/** Where all that a person may look up comes from; the build's own codes are for developers. */
const ROOMS = ["core", "kumactl", "cni", "installer", "webhook"];

async function* sources(dir: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts") && !/(_test|codes)\.ts$/.test(name)) yield path;
  }
}

Deno.test("every code that a source names is explained", async () => {
  const missing = new Set<string>();
  let seen = 0;
  for (const room of ROOMS) {
    for await (const path of sources(join(ROOT, room))) {
      const text = await Deno.readTextFile(path);
      for (const [code] of text.matchAll(/KUMA-(?:TP|HOST|CNI|INS|WH)-\d{3}/g)) {
        seen++;
        if (!Object.hasOwn(CODES, code)) missing.add(`${code} in ${path}`);
      }
    }
  }
  assert.ok(seen > 150, String(seen));
  assert.deepEqual([...missing], []);
});

Deno.test("each explanation says what happened and what to do", () => {
  for (const [code, { title, todo }] of Object.entries(CODES)) {
    assert.match(code, /^KUMA-[A-Z]+-\d{3}$/);
    assert.match(title, /^[A-Za-z].*[^.]$/, code);
    assert.match(todo, /^.+\.$/, code);
  }
});

Deno.test("explain as a document has one code, or all of them", async () => {
  const told = (out: string) => checkedDocument<ExplainDocument>(out, "kuma.io/kumactl-explain/v1");
  const one = told((await kumactl("explain", "kuma-tp-001", "-o", "json")).out);
  assert.deepEqual(one.codes, [{ code: "KUMA-TP-001", ...CODES["KUMA-TP-001"] }]);
  const all = told((await kumactl("explain", "-o", "json")).out);
  assert.deepEqual(all.codes.map(({ code }) => code), Object.keys(CODES));
});

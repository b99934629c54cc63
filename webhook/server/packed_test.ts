import assert from "node:assert/strict";
import { packedJson } from "./packed.ts";

const long = JSON.stringify(Array.from({ length: 2000 }, (_, n) => `item ${n}`));

function packed(json: string, accept?: string): Promise<Response> {
  const headers = accept === undefined ? {} : { "accept-encoding": accept };
  return packedJson(new Request("http://webhook/", { headers }), json);
}

Deno.test("short answers are sent as they are", async () => {
  const answer = await packed("{}", "gzip");
  assert.equal(answer.headers.get("content-encoding"), null);
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.equal(await answer.text(), "{}");
});

Deno.test("long answers are compressed for whom it may concern", async () => {
  for (const accept of ["gzip", "deflate, gzip;q=0.8", " GZIP "]) {
    const answer = await packed(long, accept);
    assert.equal(answer.headers.get("content-encoding"), "gzip", accept);
    const bytes = await answer.bytes();
    assert.ok(bytes.length < 15 * 1024, `${bytes.length} bytes`);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    assert.equal(await new Response(stream).text(), long);
  }
});

Deno.test("long answers stay as they are for everybody else", async () => {
  for (const accept of [undefined, "", "identity", "gzip;q=0", "br"]) {
    const answer = await packed(long, accept);
    assert.equal(answer.headers.get("content-encoding"), null, accept);
    assert.equal(await answer.text(), long);
  }
});

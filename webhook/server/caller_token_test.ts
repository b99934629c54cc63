import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { CallerTokens } from "./caller_token.ts";

const ONE = "0123456789abcdef-one";
const TWO = "0123456789abcdef-two";

Deno.test("a token of the file lets in, nothing else does, and a changed file counts", () => {
  const path = Deno.makeTempFileSync();
  try {
    let now = 0;
    Deno.writeTextFileSync(path, `${ONE}\n`);
    const tokens = new CallerTokens(path, () => now);
    const lets = (header: string | null) => tokens.refusal(header) === undefined;
    assert.ok(lets(`Bearer ${ONE}`));
    assert.ok(lets(`bearer  ${ONE} `));
    for (
      const header of [
        null,
        "",
        "Bearer",
        "Bearer ",
        ONE,
        `Basic ${ONE}`,
        `Bearer ${ONE}x`,
        `Bearer ${TWO}`,
      ]
    ) {
      assert.ok(!lets(header), String(header));
    }
    assert.equal(tokens.refusal(null)?.status, 401);
    Deno.writeTextFileSync(path, `${ONE}\n${TWO}\n`);
    assert.ok(!lets(`Bearer ${TWO}`), "not yet");
    now = 6000;
    assert.ok(lets(`Bearer ${TWO}`));
    Deno.writeTextFileSync(path, "");
    now = 12_000;
    assert.ok(lets(`Bearer ${TWO}`), "an empty file is one that is being replaced");
    assert.ok(!lets("Bearer "));
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("a file without tokens keeps the program from starting", () => {
  const path = Deno.makeTempFileSync();
  try {
    for (const text of ["", "\n \n", "short", "0123456789abcdef with blanks"]) {
      Deno.writeTextFileSync(path, text);
      assert.throws(
        () => new CallerTokens(path),
        (error) => error instanceof KumaError && error.code === "KUMA-WH-025",
      );
    }
  } finally {
    Deno.removeSync(path);
  }
  assert.throws(() => new CallerTokens("/no/such/file"), /\/no\/such\/file/);
});

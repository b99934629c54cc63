import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { errorLines } from "./error_lines.ts";

Deno.test("an error is a line with its code, its hint the next; colour only where it may be", () => {
  const error = new KumaError("KUMA-TP-001", "a\nb", { hint: "do\nc" });
  assert.equal(errorLines(error, { colour: false }), "Error: a b [KUMA-TP-001]\nHint: do c\n");
  const bare = new KumaError("KUMA-TP-001", "a");
  assert.equal(errorLines(bare, { colour: true }), "\x1b[31mError:\x1b[0m a [KUMA-TP-001]\n");
  assert.equal(errorLines(new TypeError("x\ny"), { colour: false }), "Error: x y\n");
});

import assert from "node:assert/strict";
import { KumaError, oneLine } from "./errors.ts";

Deno.test("no input forges a second line, moves a terminal's cursor or reorders text", () => {
  const hostile = "a\r\nb\x1b[31mc\u009b2Jd\u0085e\u2028f\u202eg\u2066h\x7fi";
  assert.equal(oneLine(hostile), "a b [31mc 2Jd e f g h i");
  assert.equal(oneLine(" münchen → ünïcode 日本 \n"), "münchen → ünïcode 日本");
});

Deno.test("a KumaError is one line, with its hint after the message", () => {
  const error = new KumaError("KUMA-TP-001", "bad\nvalue", { hint: "mend\tit" });
  assert.deepEqual([error.message, error.line], ["bad value", "bad value; mend it"]);
});

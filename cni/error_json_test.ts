import assert from "node:assert/strict";
import { CNI_CODES, type CniCodeText } from "core/errors/cni_codes.ts";
import { KumaError } from "core/errors.ts";
import { errorJson } from "./error_json.ts";

Deno.test("every code of ours has a number of the specification or of ours", () => {
  for (const [code, { cni, title, todo }] of Object.entries<CniCodeText>(CNI_CODES)) {
    assert.match(code, /^KUMA-CNI-\d{3}$/);
    assert.ok([1, 4, 6, 7, 8, 11, 50].includes(cni) || cni >= 100, code);
    assert.ok(title !== "" && todo !== "");
  }
});

Deno.test("an error of ours gives its number, message, hint and code", () => {
  const error = new KumaError("KUMA-CNI-014", "stale", { hint: "wait" });
  assert.deepEqual(errorJson(error, "0.3.1"), {
    cniVersion: "0.3.1",
    code: 11,
    msg: "stale; wait",
    details: "KUMA-CNI-014",
  });
});

Deno.test("a bad annotation is an invalid configuration, a bad netns a bad variable", () => {
  assert.equal(errorJson(new KumaError("KUMA-TP-022", "x")).code, 7);
  assert.equal(errorJson(new KumaError("KUMA-HOST-112", "x")).code, 4);
  assert.equal(errorJson(new KumaError("KUMA-BUILD-001", "x")).code, 100);
  assert.equal(errorJson(new KumaError("KUMA-TP-206", "x")).code, 11);
  assert.equal(errorJson(new KumaError("KUMA-TP-201", "x")).code, 104);
});

Deno.test("causes are told in details, without secrets, in bounded length", () => {
  const cause = new Error("inner", { cause: new Error("Bearer abc.def.ghi") });
  const json = errorJson(new KumaError("KUMA-CNI-013", "outer", { cause }));
  assert.equal(json.details, "KUMA-CNI-013: inner: Bearer [redacted]");
  const long = errorJson(new KumaError("KUMA-CNI-013", "x".repeat(100_000)));
  assert.ok(long.msg.length < 5000);
});

Deno.test("what nobody foresaw is 999", () => {
  assert.equal(errorJson(new TypeError("oops")).code, 999);
  assert.equal(errorJson("text").code, 999);
});

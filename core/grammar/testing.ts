import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";

/** Asserts that `work` throws a {@linkcode KumaError} with this code, and gives its message. */
export function refusal(code: string, work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    assert.ok(thrown instanceof KumaError, `not a KumaError: ${thrown}`);
    assert.equal(thrown.code, code, thrown.message);
    assert.doesNotMatch(thrown.line, /[\n\r]/);
    return thrown.message;
  }
  return assert.fail(`nothing was thrown, ${code} was expected`);
}

import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { jsonCopy } from "core/patch/json.ts";
import { injectPod } from "./inject.ts";
import { viewPod } from "./pod.ts";
import { contextOf } from "./testing/cases_context.ts";
import { allCases, expectedPod, type InjectionCase, inputPod } from "./testing/cases_model.ts";

for (const one of allCases()) {
  Deno.test(`${one.file}: ${one.name}`, async () => {
    if (one.denied !== undefined) return await expectDenial(one, one.denied);
    const input = inputPod(one);
    const before = jsonCopy(input);
    const context = contextOf(one);
    const result = await injectPod(viewPod(input, "app-ns"), context);
    assert.deepEqual(input, before, "the pod given is left alone");
    if (one.untouched !== undefined) {
      assert.equal(result.injected, false);
      assert.ok(result.reason.includes(one.untouched), result.reason);
      assert.equal(result.pod, input);
      warns(result.warnings, one);
      return;
    }
    assert.ok(one.injected !== undefined, "a case says what it expects");
    assert.deepEqual(result.pod, expectedPod(one));
    warns(result.warnings, one);
    const again = await injectPod(viewPod(result.pod, "app-ns"), context);
    assert.equal(again.injected, false, "a second time changes nothing");
    assert.equal(again.pod, result.pod);
  });
}

/** One warning and no other, or none at all. The cases' pods mount no token, of which one case is told. */
function warns(all: readonly string[], one: InjectionCase): void {
  const token = one.warns?.includes("token") ?? false;
  const warnings = all.filter((line) => token || !line.includes("service-account token"));
  if (one.warns === undefined) assert.deepEqual(warnings, []);
  else {
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.ok(warnings[0]?.includes(one.warns), warnings[0]);
  }
}

async function expectDenial(one: InjectionCase, message: string): Promise<void> {
  await assert.rejects(
    async () => await injectPod(viewPod(inputPod(one), "app-ns"), contextOf(one)),
    (thrown: unknown) => {
      assert.ok(thrown instanceof KumaError, String(thrown));
      assert.ok(thrown.line.includes(message), thrown.line);
      return true;
    },
  );
}

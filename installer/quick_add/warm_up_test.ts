import assert from "node:assert/strict";
import { warmUp } from "./warm_up.ts";

Deno.test("the pod that the engine is warmed up with gets rules", async () => {
  assert.equal(await warmUp(), "rules");
});

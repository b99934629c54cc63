import assert from "node:assert/strict";
import { Leadership } from "./leadership.ts";

Deno.test("nothing may be written before this replica leads, nor after its Lease is over", () => {
  const leadership = new Leadership();
  const refused = { code: "KUMA-CTL-005" };
  assert.throws(() => leadership.check(), refused);
  let holds = true;
  leadership.begin(() => holds);
  leadership.check();
  holds = false;
  assert.throws(() => leadership.check(), refused);
});

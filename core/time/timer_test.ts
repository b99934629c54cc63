import assert from "node:assert/strict";
import { delay } from "./clock.ts";
import { after, deadline, every } from "./timer.ts";

// That nothing is left when these end is looked at by Deno's own test runner, which knows of open timers.

Deno.test("what is called off never happens, and what is set anew happens once", async () => {
  const done: string[] = [];
  {
    using _off = after(1, () => done.push("off"));
    using again = after(1, () => done.push("again"));
    again.again(2);
    again.again(1);
    _off[Symbol.dispose]();
    while (done.length === 0) await delay(1);
    await delay(5);
  }
  assert.deepEqual(done, ["again"]);
});

Deno.test("every goes on until it is called off", async () => {
  let count = 0;
  {
    using _ticking = every(1, () => count++);
    while (count < 3) await delay(1);
  }
  const then = count;
  await delay(5);
  assert.equal(count, then);
});

Deno.test("a deadline fires with its reason, made at that moment", async () => {
  let made = 0;
  using soon = deadline(1, () => `late ${++made}`);
  using never = deadline(1, () => assert.fail("called off"));
  never[Symbol.dispose]();
  assert.equal(made, 0);
  while (!soon.signal.aborted) await delay(1);
  assert.deepEqual([soon.signal.reason, never.signal.aborted], ["late 1", false]);
});

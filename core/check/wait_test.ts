import assert from "node:assert/strict";
import { ManualClock } from "core/time/testing/manual_clock.ts";
import { failed, ok, type Outcome, unknown } from "./outcome.ts";
import { type Report, runChecks, section } from "./run.ts";
import { resultOf } from "./tally.ts";
import { checkUntilWell } from "./wait.ts";

const SECTION = {
  title: "Things",
  checks: { "thing-one": { title: "One", code: "KUMA-TP-019", todo: "do", about: "About." } },
} as const;

/** Looks that find these one after the other, the last one for ever. */
function looks(...outcomes: Outcome[]) {
  const state = { asked: 0 };
  const look = (): Promise<Report> => {
    const outcome = outcomes[Math.min(state.asked++, outcomes.length - 1)];
    return runChecks([section("things", SECTION, { "thing-one": () => outcome })]);
  };
  return { state, look };
}

/** Lets time pass until `work` has ended. */
async function through<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let ended = false;
  const end = () => ended = true;
  work.then(end, end);
  for (let turn = 0; !ended && turn < 10_000; turn++) {
    await Promise.resolve();
    if (clock.waiting > 0) await clock.advance(100);
  }
  return await work;
}

Deno.test("without a limit it looks once", async () => {
  const { state, look } = looks(failed("no"));
  const clock = new ManualClock();
  const report = await through(clock, checkUntilWell(look, { limitMs: 0, clock }));
  assert.deepEqual([resultOf(report), state.asked, clock.now()], ["failed", 1, 0]);
});

Deno.test("it looks again until all is well, and says meanwhile how it is", async () => {
  const { state, look } = looks(failed("no"), unknown("not yet"), ok());
  const clock = new ManualClock();
  const told: [string, number][] = [];
  const progress = (report: Report, left: number) => told.push([resultOf(report), left]);
  const report = await through(clock, checkUntilWell(look, { limitMs: 60_000, clock, progress }));
  assert.deepEqual([resultOf(report), state.asked], ["ok", 3]);
  assert.deepEqual(told.map(([result]) => result), ["failed", "incomplete"]);
  assert.ok((told[1]?.[1] ?? 0) < 60_000);
});

Deno.test("when the time is over it gives the last report", async () => {
  const { state, look } = looks(failed("no"));
  const clock = new ManualClock();
  const report = await through(clock, checkUntilWell(look, { limitMs: 10_000, clock }));
  assert.equal(resultOf(report), "failed");
  assert.ok(state.asked > 3 && clock.now() >= 10_000 && clock.now() < 10_200, `${clock.now()}`);
});

Deno.test("it does not wait for what this user may not look at", async () => {
  const { state, look } = looks(unknown("not root", { lasting: true }));
  const clock = new ManualClock();
  const report = await through(clock, checkUntilWell(look, { limitMs: 10_000, clock }));
  assert.deepEqual([resultOf(report), state.asked], ["incomplete", 1]);
});

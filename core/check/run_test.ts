import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import type { SectionDefinition } from "./definition.ts";
import { once } from "./once.ts";
import { failed, ok, outcomeOf, unknown, warning } from "./outcome.ts";
import { runChecks, section } from "./run.ts";
import { EXIT_CODES, resultOf } from "./tally.ts";

const text = (title: string) =>
  ({ title, code: "KUMA-TP-019", todo: "become root", about: "About it." }) as const;
const SECTION = {
  title: "Things",
  checks: { "thing-one": text("One is there"), "thing-two": text("Two is there") },
} satisfies SectionDefinition;

/** A report of two checks with these answers. */
function report(one: ReturnType<typeof ok> | undefined, two = ok()) {
  return runChecks([
    section("things", SECTION, { "thing-one": () => one, "thing-two": () => two }),
  ]);
}

Deno.test("a failure has code, what to do and a place to read on; the finding's own words win", async () => {
  const { sections: [things] } = await report(
    failed(["no one", "nor none"]),
    warning("half", { code: "KUMA-TP-020", todo: "mend it" }),
  );
  assert.deepEqual(things?.checks, [
    {
      name: "thing-one",
      title: "One is there",
      status: "failed",
      details: ["no one", "nor none"],
      code: "KUMA-TP-019",
      todo: "become root",
      docs: "docs/check.md#thing-one",
    },
    {
      name: "thing-two",
      title: "Two is there",
      status: "warning",
      details: ["half"],
      code: "KUMA-TP-020",
      todo: "mend it",
      docs: "docs/check.md#thing-two",
    },
  ]);
});

Deno.test("what throws could not be looked at: it is no failure, and keeps its cause", async () => {
  const looks = {
    "thing-one": () => {
      throw new KumaError("KUMA-TP-210", "the kernel does not answer", { hint: "run as root" });
    },
    "thing-two": () => Promise.reject(new Deno.errors.PermissionDenied("not allowed")),
  };
  const found = await runChecks([section("things", SECTION, looks)]);
  const [one, two] = found.sections[0]?.checks ?? [];
  assert.deepEqual([one?.status, one?.details, one?.code, one?.todo], [
    "unknown",
    ["the kernel does not answer"],
    "KUMA-TP-210",
    "run as root",
  ]);
  assert.deepEqual([two?.status, two?.details, two?.lasting, two?.todo], [
    "unknown",
    ["not allowed"],
    true,
    undefined,
  ]);
  assert.equal(EXIT_CODES[resultOf(found)], 2);
});

Deno.test("an error of which it is known what it means is a failure", () => {
  const error = new KumaError("KUMA-HOST-150", "no such user", { hint: "create it" });
  assert.deepEqual(outcomeOf(error, ["KUMA-HOST-150"]), {
    status: "failed",
    details: ["no such user"],
    code: "KUMA-HOST-150",
    todo: "create it",
  });
  assert.equal(outcomeOf(error).status, "unknown");
});

Deno.test("no detail forges a second line", async () => {
  const { sections: [things] } = await report(failed("a rule\n✓ all is well\x1b[2J"));
  assert.deepEqual(things?.checks[0]?.details, ["a rule ✓ all is well [2J"]);
});

Deno.test("what does not apply is not told; a section of which nothing applies is not there", async () => {
  const names = async (one?: ReturnType<typeof ok>) =>
    (await report(one)).sections.flatMap(({ checks }) => checks.map(({ name }) => name));
  assert.deepEqual(await names(undefined), ["thing-two"]);
  const none = { "thing-one": () => undefined, "thing-two": () => undefined };
  const empty = await runChecks([section("things", SECTION, none)]);
  assert.deepEqual(empty.sections, []);
  assert.equal(resultOf(empty), "incomplete", "nothing was looked at");
});

Deno.test("the exit code: failures before what is unknown, and warnings are none", async () => {
  const code = async (...outcomes: [ReturnType<typeof ok>, ReturnType<typeof ok>]) =>
    EXIT_CODES[resultOf(await report(...outcomes))];
  assert.equal(await code(ok(), warning("hm")), 0);
  assert.equal(await code(failed("no"), unknown("dark")), 1);
  assert.equal(await code(ok(), unknown("dark")), 2);
});

Deno.test("what several checks share is looked at once, and its error is everybody's", async () => {
  let asked = 0;
  const shared = once(() => {
    asked++;
    throw new TypeError("broken");
  });
  await assert.rejects(shared(), /broken/);
  await assert.rejects(shared(), /broken/);
  assert.equal(asked, 1);
});

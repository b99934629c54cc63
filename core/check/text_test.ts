import assert from "node:assert/strict";
import fc from "fast-check";
import { oneLine } from "core/errors.ts";
import { runs } from "tests/support/property.ts";
import type { Status } from "./outcome.ts";
import type { CheckResult, Report } from "./run.ts";
import { checkText, shortText, type Style } from "./text.ts";

const PLAIN: Style = { columns: 80, colour: false, utf8: true };

function check(status: Status, more: Partial<CheckResult> = {}): CheckResult {
  return { name: `it-is-${status}`, title: `It is ${status}`, status, details: [], ...more };
}

const REPORT: Report = {
  sections: [
    {
      id: "first",
      title: "First things",
      checks: [
        check("ok", { details: ["as it should be"] }),
        check("warning", {
          details: ["one", "two"],
          code: "KUMA-TP-019",
          todo: "mend it",
          docs: "docs/check.md#it-is-warning",
        }),
        check("failed", {
          details: [`a reason that is so long that it takes ${"very ".repeat(12)}many words`],
          code: "KUMA-TP-020",
          todo: "mend it now",
          docs: "docs/check.md#it-is-failed",
        }),
      ],
    },
    {
      id: "second",
      title: "Second",
      checks: [
        check("unknown", { details: ["not root"], docs: "docs/check.md#it-is-unknown" }),
        check("unknown", { details: ["not root"], docs: "docs/check.md#it-is-unknown" }),
        check("ok"),
      ],
    },
  ],
};

Deno.test("the text: a mark, what is wrong, what to do, where to read on, and the sum", () => {
  assert.equal(
    checkText(REPORT, PLAIN),
    `First things
------------
✓ It is ok: as it should be
‼ It is warning
    one
    two
    what to do: mend it
    [KUMA-TP-019] see docs/check.md#it-is-warning
× It is failed
    a reason that is so long that it takes very very very very very very very
    very very very very very many words
    what to do: mend it now
    [KUMA-TP-020] see docs/check.md#it-is-failed

Second
------
? It is unknown
    could not be looked at: not root
    see docs/check.md#it-is-unknown
? It is unknown
✓ It is ok

Something is wrong: 2 ok, 1 warning, 1 failed, 2 could not be looked at.
`,
  );
});

Deno.test("the short form has a line for each that is not good, and the sum", () => {
  const lines = shortText(REPORT, PLAIN).split("\n");
  assert.equal(lines[0], "‼ it-is-warning: one (and 1 more) [KUMA-TP-019]");
  assert.match(lines[1] ?? "", /^× it-is-failed: a reason .* \[KUMA-TP-020\]$/);
  assert.equal(lines[2], "? it-is-unknown: not root");
  assert.equal(lines.length, 6);
});

Deno.test("where the locale has no UTF-8 there is none, and colour is only about the mark", () => {
  const ascii = checkText(REPORT, { ...PLAIN, utf8: false });
  assert.match(ascii, /^[\n -~]*$/);
  assert.match(ascii, /^\[xx\] It is failed\n {7}a reason/m);
  const coloured = checkText(REPORT, { ...PLAIN, colour: true });
  assert.ok(coloured.includes("\x1b[31m×\x1b[0m It is failed\n"));
  assert.equal(
    coloured.split("\x1b").map((part) => part.replace(/^\[\d+m/, "")).join(""),
    checkText(REPORT, PLAIN),
  );
});

Deno.test("of very many details some are shown, and how many more there are", () => {
  const details = Array.from({ length: 5000 }, (_, at) => `pod ${at}`);
  const many = { sections: [{ id: "s", title: "S", checks: [check("failed", { details })] }] };
  assert.match(checkText(many, PLAIN), /pod 9\n {4}and 4990 more: -o json has them all\n/);
});

Deno.test("no line is longer than the place, whatever a detail says", () => {
  const words = fc.string({ maxLength: 200, unit: "grapheme-ascii" }).map((text) => oneLine(text));
  fc.assert(
    fc.property(words, words, fc.integer({ min: 40, max: 120 }), (title, detail, columns) => {
      const checks = [
        check("failed", { title, details: [detail], todo: detail }),
        check("ok", { title, details: [detail] }),
      ];
      const text = checkText({ sections: [{ id: "s", title: "S", checks }] }, {
        ...PLAIN,
        columns,
      });
      // The sum is of a fixed form.
      for (const line of text.split("\n").slice(0, -2)) assert.ok(line.length <= columns, line);
    }),
    runs(500),
  );
});

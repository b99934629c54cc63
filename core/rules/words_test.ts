import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { KumaError } from "../errors.ts";
import { endsInQuote, quoteWord, splitWords } from "./words.ts";

Deno.test("words are parted by blanks, quotes keep them together", () => {
  assert.deepEqual(splitWords("  -A  X\t-j RETURN "), ["-A", "X", "-j", "RETURN"]);
  assert.deepEqual(splitWords('--comment "a b" "" x'), ["--comment", "a b", "", "x"]);
  assert.deepEqual(splitWords('"it\\\'s \\"odd\\" \\\\"'), ['it\'s "odd" \\']);
  assert.deepEqual(splitWords("a\\b"), ["a\\b"]);
});

Deno.test("a quote that never ends is an error", () => {
  const isOurs = (error: unknown) => error instanceof KumaError && error.code === "KUMA-TP-102";
  assert.throws(() => splitWords('-A X --comment "abc'), isOurs);
});

Deno.test("what is quoted comes back as one word", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, two) => {
      assert.deepEqual(splitWords(`${quoteWord(one)} ${quoteWord(two)}`), [one, two]);
    }),
    runs(100),
  );
});

Deno.test("words are the same whether or not a backslash makes their reading slow", () => {
  let compared = 0;
  const anyLine = fc.array(fc.constantFrom(...'ab \t\n""-'), { maxLength: 24 });
  fc.assert(
    fc.property(anyLine.map((chars) => chars.join("")), (line) => {
      // Inside of quotes a plain character may have a backslash ahead of it.
      const open = line.indexOf('"') + 1;
      if (open === 0 || !/[^"]/.test(line.charAt(open))) return;
      compared++;
      const escaped = `${line.slice(0, open)}\\${line.slice(open)}`;
      assert.equal(endsInQuote(line), endsInQuote(escaped));
      if (endsInQuote(line)) assert.throws(() => splitWords(line), KumaError);
      else assert.deepEqual(splitWords(line), splitWords(escaped));
    }),
    runs(20_000),
  );
  assert(compared > 20, `${compared}`);
});

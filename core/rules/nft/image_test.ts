import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { runs } from "tests/support/property.ts";
import { fingerprint } from "./image.ts";

Deno.test("a fingerprint is the same for the same text, and another for every text that was tried", () => {
  const seen = new Map<string, string>();
  const text = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.string({ unit: anyCharacter, maxLength: 60 }),
  );
  fc.assert(
    fc.property(text, fc.nat(), (text, at) => {
      const i = at % (text.length + 1);
      // Also what differs in one character alone.
      for (const one of [text, `${text.slice(0, i)}x${text.slice(i + 1)}`, `${text} `]) {
        const print = fingerprint(one);
        assert.match(print, /^[0-9a-f]{16}$/);
        assert.equal(fingerprint(one), print);
        // A lone surrogate is written as U+FFFD.
        const bytes = new TextDecoder().decode(new TextEncoder().encode(one));
        assert.equal(seen.get(print) ?? bytes, bytes);
        seen.set(print, bytes);
      }
    }),
    runs(100),
  );
});

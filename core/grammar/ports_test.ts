import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { KumaError } from "core/errors.ts";
import { parsePort, parsePorts } from "./ports.ts";
import { refusal } from "./testing.ts";
import { runs } from "tests/support/property.ts";

Deno.test("a port is 1 to 65535 in ASCII digits, blanks around it allowed", () => {
  assert.deepEqual(["1", " 80 ", "65535", "0080"].map(parsePort), [1, 80, 65535, 80]);
  const bad = [
    "0",
    "65536",
    "",
    "-1",
    "+1",
    "1e3",
    "0x50",
    "8 0",
    "80-",
    "foo",
    "１２",
    "٨٠",
    "1.0",
    "; rm -rf /",
  ];
  for (const text of bad) refusal("KUMA-TP-001", () => parsePort(text));
});

Deno.test("a bad port is refused in the words that scripts match on", () => {
  assert.equal(
    refusal("KUMA-TP-001", () => parsePort("65536")),
    "value '65536' is not a valid port (uint16 in the range [1, 65535])",
  );
});

Deno.test("a list of ports keeps order and skips empty items", () => {
  assert.deepEqual(parsePorts(" 22, 80,,443,22 ,"), [22, 80, 443, 22]);
  assert.deepEqual(parsePorts(""), []);
  refusal("KUMA-TP-001", () => parsePorts("22,x"));
});

Deno.test("no text becomes something else than ports", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: anyCharacter }),
    fc.stringMatching(/^[0-9, -]*$/),
  );
  fc.assert(
    fc.property(text, (input) => {
      try {
        return parsePorts(input).every((port) =>
          Number.isInteger(port) && port >= 1 && port <= 65535
        );
      } catch (thrown) {
        return thrown instanceof KumaError && thrown.line.length < 200;
      }
    }),
    runs(10_000),
  );
});

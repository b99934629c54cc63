import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { KumaError } from "core/errors.ts";
import { refusal } from "./testing.ts";
import { parseUidExclusion } from "./uid_exclusion.ts";
import { runs } from "tests/support/property.ts";

const ALL = [{ from: 1, to: 65535 }];

Deno.test("the three forms of an exclusion, and their wildcards", () => {
  const uids = { from: 1000, to: 1000 };
  const both = (ports: { from: number; to: number }[]) => [
    { protocol: "tcp", ports, uids },
    { protocol: "udp", ports, uids },
  ];
  assert.deepEqual(parseUidExclusion("1000"), both(ALL));
  assert.deepEqual(parseUidExclusion("53:1000"), both([{ from: 53, to: 53 }]));
  assert.deepEqual(parseUidExclusion("*:*:1000"), both(ALL));
  assert.deepEqual(parseUidExclusion("::1000"), both(ALL));
  assert.deepEqual(parseUidExclusion(" UDP , tcp : 22 , 80-90 : 106-108 "), [
    {
      protocol: "udp",
      ports: [{ from: 22, to: 22 }, { from: 80, to: 90 }],
      uids: { from: 106, to: 108 },
    },
    {
      protocol: "tcp",
      ports: [{ from: 22, to: 22 }, { from: 80, to: 90 }],
      uids: { from: 106, to: 108 },
    },
  ]);
  assert.equal(parseUidExclusion("tcp:1:70000")[0]?.uids.from, 70000);
});

Deno.test("an exclusion that names no user is refused, it would exclude everybody's traffic", () => {
  for (const text of ["", " ", "tcp:22:", "tcp:", "22:", "::", ","]) {
    assert.throws(() => parseUidExclusion(text), KumaError);
  }
  refusal("KUMA-TP-003", () => parseUidExclusion("tcp:22:"));
});

Deno.test("refusals keep Kuma's words", () => {
  const said = (text: string) => {
    try {
      parseUidExclusion(text);
    } catch (thrown) {
      return String(thrown instanceof Error ? thrown.message : thrown);
    }
    return "";
  };
  assert.equal(said("icmp:1:1"), "invalid or unsupported protocol: 'icmp'");
  assert.equal(said("tcp:1:*"), "wildcard '*' is not allowed for UIDs");
  assert.equal(
    said("1:1,2"),
    "invalid UID entry: '1,2'. It should either be a single item or a range",
  );
  assert.match(said("1:2:3:4"), /too many parts/);
  assert.match(said("70000:1"), /^invalid port range: .*invalid uint16 value: '70000'$/);
  assert.match(said("kuma-dp"), /^invalid UID range: /);
});

Deno.test("whatever is taken has ports and UIDs in range, whatever is refused is refused shortly", () => {
  const piece = fc.oneof(
    fc.stringMatching(/^(tcp|udp|TCP|\*)?(,(tcp|udp))?$/),
    fc.stringMatching(/^[0-9]{0,6}(-[0-9]{0,6})?(,[0-9]{1,5})?$/),
    fc.string({ unit: anyCharacter, maxLength: 200 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
      try {
        return parseUidExclusion(pieces.join(":")).every(({ ports, uids }) =>
          ports.length > 0 && uids.from <= uids.to && uids.to < 2 ** 32 - 1 &&
          ports.every(({ from, to }) => from >= 0 && from <= to && to <= 65535)
        );
      } catch (thrown) {
        return thrown instanceof KumaError && thrown.line.length < 400;
      }
    }),
    runs(10_000),
  );
});

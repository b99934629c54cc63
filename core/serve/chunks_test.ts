import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "tests/support/property.ts";
import { ChunkReader } from "./chunks.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** The body of a text that comes in pieces of this size; undefined where it is none. */
function read(text: string, size = text.length): { body: string; rest: string } | undefined {
  const reader = new ChunkReader();
  let body = "";
  for (let at = 0; at < text.length; at += size) {
    const piece = bytes(text.slice(at, at + size));
    const used = reader.read(piece, (data) => body += new TextDecoder().decode(data));
    if (used === undefined) return undefined;
    if (reader.done) return { body, rest: text.slice(at + used) };
  }
  return { body, rest: "unfinished" };
}

Deno.test("chunks of any size, however they are cut; what follows is left alone", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z0-9]{1,40}$/), { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (parts, size) => {
        const chunk = (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`;
        const text = `${parts.map(chunk).join("")}0\r\n\r\nGET`;
        assert.deepEqual(read(text, size)?.body, parts.join(""));
      },
    ),
    runs(100),
  );
  assert.deepEqual(read("A\r\n0123456789\r\n0\r\n\r\nGET"), { body: "0123456789", rest: "GET" });
});

Deno.test("what is not exactly that is no body", () => {
  const refused = [
    "1;a=b\r\nx\r\n0\r\n\r\n",
    "1 \r\nx\r\n0\r\n\r\n",
    " 1\r\nx\r\n0\r\n\r\n",
    "1\nx\n0\n\n",
    "1\r\nx\n0\r\n\r\n",
    "1\r\nxy\r\n0\r\n\r\n",
    "0x1\r\nx\r\n0\r\n\r\n",
    "+1\r\nx\r\n0\r\n\r\n",
    "-1\r\nx\r\n0\r\n\r\n",
    "\r\nx\r\n0\r\n\r\n",
    "000000001\r\nx\r\n0\r\n\r\n",
    "FFFFFFFFFFFFFFFF1\r\nx",
    "0\r\nX: a\r\n\r\n",
    "0\r\n\n",
    "0;\n\r\n",
    "1\r\r\nx\r\n0\r\n\r\n",
  ];
  for (const text of refused) {
    assert.equal(read(text), undefined, JSON.stringify(text));
    assert.equal(read(text, 1), undefined, `${JSON.stringify(text)} byte by byte`);
  }
});

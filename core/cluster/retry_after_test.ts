import assert from "node:assert/strict";
import { parseRetryAfter } from "./retry_after.ts";

const NOW = Date.parse("2024-02-29T23:59:58Z");

Deno.test("seconds and dates are pauses", () => {
  for (
    const [text, ms] of [
      ["0", 0],
      ["1", 1000],
      ["120", 120_000],
      ["3600", 3_600_000],
      ["Thu, 29 Feb 2024 23:59:58 GMT", 0],
      ["Fri, 01 Mar 2024 00:00:03 GMT", 5000],
    ] as const
  ) assert.equal(parseRetryAfter(text, NOW), ms, text);
});

Deno.test("nothing, nonsense, the past and far too much are passed over", () => {
  for (
    const text of [
      ...[null, "", " ", "-1", "+1", "1.5", "1e9", "0x1", "1s", "1, 2", "NaN", "Infinity"],
      ...["3601", "1000000000", "9".repeat(400), "Invalid Date"],
      "Thu, 29 Feb 2024 23:59:57 GMT",
      "Fri, 01 Mar 2024 02:00:00 GMT",
      // Of the right time, but not as a server has to write it.
      ...["Thu, 01 Mar 2024 00:00:03 GMT", "Fri, 1 Mar 2024 00:00:03 GMT"],
      ...["Friday, 01-Mar-24 00:00:03 GMT", "Fri Mar  1 00:00:03 2024", "2024-03-01T00:00:03Z"],
      ...["Fri, 01 Mar 2024 00:00:03 +0000", "Fri, 01 Mar 2024 01:00:03 CET"],
    ]
  ) assert.equal(parseRetryAfter(text, NOW), undefined, String(text));
});

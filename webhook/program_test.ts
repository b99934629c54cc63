import assert from "node:assert/strict";
import { ran } from "core/program/testing.ts";
import { testHelp } from "core/program/testing_help.ts";
import { KUMA_WEBHOOK } from "./program.ts";
// Its client opens the C library, which stays open: loaded here, it is no test's leak.
import "./serve_command.ts";

testHelp(KUMA_WEBHOOK);

Deno.test("a flag that is needed, wrong or unknown is named, and where the help is", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["manifests"],
      /^Error: required flag "image" not set \[.*\nHint: see 'kuma-webhook manifests /,
    ],
    [["explain"], /^Error: required flag "file" not set/],
    [["serve", "--drain-time", "soon"], /^Error: --drain-time: it is no whole number/],
    [["serve", "--log-level", "loud"], /^Error: --log-level: it is none of debug, info/],
    [["--log-format=xml"], /^Error: --log-format: 'xml' is not one of json, text/],
    [["--generate-cert"], /^Error: unknown flag: --generate-cert .*--generate-certs/],
    [["sevre"], /^Error: .*'?sevre/],
    [
      ["explain", "-f", "/no/such/file", "--offline"],
      /^Error: \/no\/such\/file: .*\[KUMA-WH-001\]/,
    ],
  ];
  for (const [words, expected] of cases) {
    const { code, out, err } = await ran(KUMA_WEBHOOK, words);
    assert.deepEqual([code, out], [1, ""], words.join(" "));
    assert.match(err, expected);
  }
});

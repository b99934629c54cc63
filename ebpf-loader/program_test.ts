import assert from "node:assert/strict";
import fc from "fast-check";
import { testHelp } from "core/program/testing_help.ts";
import { readAlike } from "core/program/testing_lines.ts";
import { runs } from "tests/support/property.ts";
import { KUMA_EBPF_LOADER } from "./program.ts";

testHelp(KUMA_EBPF_LOADER);

Deno.test("plain command lines mean what the library says", () => {
  const met = { plain: 0, others: 0 };
  fc.assert(readAlike(KUMA_EBPF_LOADER, met), runs(1000));
  assert(Math.min(met.plain, met.others) > (met.plain + met.others) / 10, JSON.stringify(met));
});

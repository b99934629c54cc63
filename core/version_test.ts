import assert from "node:assert/strict";
import { detailedVersion, VERSION } from "./version.ts";

const TARGET = { deno: "2.7.11", target: "x86_64-unknown-linux-gnu" };

Deno.test("the detailed version names the commit of a release, and says where there is none", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  assert.equal(
    detailedVersion("kumactl", TARGET, commit),
    `kumactl ${VERSION}\nbehaves as Kuma 2.9\ncommit: ${commit}\ndeno: 2.7.11\n` +
      "target: x86_64-unknown-linux-gnu\n",
  );
  assert.match(detailedVersion("kumactl", TARGET), /^commit: unknown: not built by a release$/m);
});

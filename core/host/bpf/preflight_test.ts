import assert from "node:assert/strict";
import { privilegesOf } from "../privileges.ts";
import { isOlder } from "./install.ts";
import { capabilities, isAtLeast } from "./preflight.ts";

Deno.test("releases of kernels are compared by their numbers", () => {
  for (const release of ["5.7", "5.7.0-rc1", "5.14.0-503.el9", "6.1.0-13-amd64", "10.0", "odd"]) {
    assert.equal(isAtLeast(release, 5, 7), true, release);
  }
  for (const release of ["5.6.19", "4.18.0-553.el8", "3.10.0"]) {
    assert.equal(isAtLeast(release, 5, 7), false, release);
  }
});

Deno.test("versions of our own are compared by their numbers", () => {
  const older = [["0.1.0", "0.1.1"], ["0.9.0", "0.10.0"], ["1.0.0", "2.0.0"]] as const;
  for (const [a, b] of older) assert.deepEqual([isOlder(a, b), isOlder(b, a)], [true, false]);
  assert.equal(isOlder("0.1.0", "0.1.0"), false);
});

Deno.test("each capability that is missing is named", () => {
  const status = (...numbers: bigint[]) =>
    privilegesOf(0, numbers.reduce((sum, one) => sum | 1n << one, 0n));
  // CAP_NET_ADMIN and CAP_SYS_ADMIN.
  assert.equal(capabilities(status(12n, 21n)), "all that is needed");
  assert.throws(() => capabilities(status()), {
    code: "KUMA-BPF-022",
    message: "this process lacks CAP_SYS_ADMIN, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON",
  });
  assert.throws(() => capabilities(status(12n, 38n, 39n)), /lacks CAP_SYS_ADMIN$/);
});

/** The cookie of a namespace is the same by a program as by the socket option, which old kernels do not have. */
import assert from "node:assert/strict";
import { netnsCookie, netnsCookieByProgram } from "core/host/bpf/netns_cookie.ts";
import { withinNetns } from "core/host/bpf/netns_view.ts";
import { Namespace } from "tests/kernel/namespace.ts";
import { requires } from "tests/support/requires.ts";
import { compiledObjects } from "./bpf_node.ts";

const test = requires("root", "netns", "bpf-build", "cgroup2");

test("namespace cookies without SO_NETNS_COOKIE", { sanitizeResources: false }, async () => {
  await compiledObjects();
  await using one = await Namespace.create("cookie");
  await using other = await Namespace.create("cookie");
  const both = () => [netnsCookie(), netnsCookieByProgram()] as const;
  const seen = [
    both(),
    withinNetns(`/run/netns/${one.name}`, both),
    withinNetns(`/run/netns/${other.name}`, both),
    both(),
  ];
  for (const [option, program] of seen) assert.equal(program, option);
  assert.equal(new Set(seen.map(([option]) => option)).size, 3);
});

import assert from "node:assert/strict";
import { must, run } from "tests/support/processes.ts";
import { install, Machine } from "tests/faults/machine.ts";
import { checkedDocument } from "tests/support/documents.ts";
import { requires } from "tests/support/requires.ts";
import { addNamespace, inside, removeNamespace } from "tests/support/traffic/namespaces.ts";

import { kumactlPath } from "./kumactl.ts";

const test = requires("root", "netns", "iptables-nft");
const MAIN = new URL("../../kumactl/main.ts", import.meta.url).pathname;

/** Runs the validator in the namespace as root, whom the rules below take for the kuma-dp user. */
function validate(ns: string, mode: string, ...more: string[]) {
  const [program = "", ...prefix] = inside(ns);
  const command = [
    Deno.execPath(),
    "run",
    "--allow-all",
    MAIN,
    "install",
    "transparent-proxy-validator",
  ];
  return run(program, [...prefix, ...command, "--ip-family-mode", mode, ...more]);
}

test("the validator passes where both families are redirected, and checks what the mode says", async () => {
  const ns = `kuma-validator-${Deno.pid}`;
  await addNamespace(ns);
  try {
    const [program = "", ...prefix] = inside(ns);
    for (
      const [tool, local] of [["iptables-nft", "127.0.0.1/32"], [
        "ip6tables-nft",
        "::1/128",
      ]] as const
    ) {
      await must(program, [
        ...[
          ...prefix,
          tool,
          "-t",
          "nat",
          "-A",
          "OUTPUT",
          "-p",
          "tcp",
          "-o",
          "lo",
          "!",
          "-d",
          local,
        ],
        ...["-m", "owner", "--uid-owner", "0", "-j", "REDIRECT", "--to-ports", "15006"],
      ]);
    }
    const withoutIpv6 = await validate(ns, "dualstack");
    assert.deepEqual([withoutIpv6.code, withoutIpv6.stderr], [0, ""]);
    assert.match(withoutIpv6.stdout, /^# \[iptables\] validation passed[^\n]*\n$/);

    await must("ip", ["-n", ns, "address", "add", "::6/128", "dev", "lo", "nodad"]);
    const both = await validate(ns, "dualstack");
    assert.equal(both.code, 0, both.stderr);
    assert.match(
      both.stdout,
      /\[iptables\] validation passed.*\n# \[ip6tables\] validation passed/,
    );

    const four = await validate(ns, "ipv4");
    assert.equal(four.code, 0, four.stderr);
    assert.doesNotMatch(four.stdout, /ip6tables/);

    const told = await validate(ns, "dualstack", "-o", "json");
    const document = checkedDocument(
      told.stdout,
      "kuma.io/kumactl-install-transparent-proxy-validator/v1",
    );
    assert.deepEqual([document.families, document.port], [["ipv4", "ipv6"], 15006]);

    const six = await validate(ns, "ipv6");
    assert.equal(six.code, 0, six.stderr);
    assert.match(six.stdout, /^# \[ip6tables\] validation passed/);
  } finally {
    await removeNamespace(ns);
  }
});

/** The compiled validator as this user. */
async function validateAs(machine: Machine, uid: number) {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--bounding-set=-all"];
  return await machine.run("setpriv", [
    ...user,
    kumactlPath(),
    ...["install", "transparent-proxy-validator"],
  ]);
}

for (const backend of ["iptables", "nftables"]) {
  test(`${backend}: the kuma-dp user passes; any other, and where no rules are, it is said at once and why`, async () => {
    await using machine = await Machine.create();
    const tries = (text: string) => text.match(/not redirected yet/g)?.length ?? 0;
    const without = await machine.run(kumactlPath(), ["install", "transparent-proxy-validator"]);
    assert.equal(without.code, 1);
    assert.match(
      without.stderr,
      /validation failed: IPv4 connections to 127\.0\.0\.6 do not arrive at port 15006: .*refused/i,
    );
    assert.match(without.stderr, /no rules of the transparent proxy are in this network namespace/);
    assert.equal(tries(without.stdout), 4, "two for each family");
    await machine.kumactlMust(...install("--firewall-backend", backend));
    const right = await validateAs(machine, 5678);
    assert.equal(right.code, 0, right.stderr);
    assert.match(
      right.stdout,
      /\[iptables\] validation passed.*\n.*\[ip6tables\] validation passed/,
    );
    const root = await machine.run(kumactlPath(), ["install", "transparent-proxy-validator"]);
    assert.equal(root.code, 1);
    assert.match(root.stderr, /this runs as UID 0, and rules redirect what the kuma-dp user sends/);
    assert.doesNotMatch(root.stderr, /no rules/);
    const other = await validateAs(machine, 1000);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /this runs as UID 1000, .*; or no rules/);
    assert.equal(tries(other.stdout), 4);
  });
}

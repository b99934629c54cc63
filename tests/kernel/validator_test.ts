import assert from "node:assert/strict";
import { must, run } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { addNamespace, inside, removeNamespace } from "tests/support/traffic/namespaces.ts";

const test = requires("root", "netns", "iptables-nft");
const MAIN = new URL("../../kumactl/main.ts", import.meta.url).pathname;

/** Runs the validator in the namespace as root, whom the rules below take for the kuma-dp user. */
function validate(ns: string, mode: string) {
  const [program = "", ...prefix] = inside(ns);
  const command = [
    Deno.execPath(),
    "run",
    "--allow-all",
    MAIN,
    "install",
    "transparent-proxy-validator",
  ];
  return run(program, [...prefix, ...command, "--ip-family-mode", mode]);
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

    await must("ip", ["-n", ns, "address", "add", "::6/128", "dev", "lo"]);
    const both = await validate(ns, "dualstack");
    assert.equal(both.code, 0, both.stderr);
    assert.match(
      both.stdout,
      /\[iptables\] validation passed.*\n# \[ip6tables\] validation passed/,
    );

    const four = await validate(ns, "ipv4");
    assert.equal(four.code, 0, four.stderr);
    assert.doesNotMatch(four.stdout, /ip6tables/);

    const six = await validate(ns, "ipv6");
    assert.equal(six.code, 0, six.stderr);
    assert.match(six.stdout, /^# \[ip6tables\] validation passed/);
  } finally {
    await removeNamespace(ns);
  }
});

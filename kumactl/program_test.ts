import assert from "node:assert/strict";
import fc from "fast-check";
import { effectiveUserId } from "core/host/libc.ts";
import { testHelp } from "core/program/testing_help.ts";
import { readAlike } from "core/program/testing_lines.ts";
import { runs } from "tests/support/property.ts";
import { KUMACTL } from "./program.ts";
import { kumactl } from "./testing.ts";

effectiveUserId(); // Opens the C library outside of any test.

const INSTALL = ["install", "transparent-proxy"];

testHelp(KUMACTL);

Deno.test("plain command lines mean what the library says", () => {
  const met = { plain: 0, others: 0 };
  fc.assert(readAlike(KUMACTL, met), runs(1000));
  assert(Math.min(met.plain, met.others) > (met.plain + met.others) / 10, JSON.stringify(met));
});

Deno.test("what only groups commands shows its help", async () => {
  for (const words of [[], ["install"], ["uninstall", "--help"]]) {
    const { code, out, err } = await kumactl(...words);
    assert.deepEqual([code, err, /^Usage: kumactl/.test(out)], [0, "", true], words.join(" "));
  }
});

Deno.test("a mistyped flag or command is answered with what was meant", async () => {
  const cases: [string[], RegExp][] = [
    [
      [...INSTALL, "--redirect-dn"],
      /unknown flag: --redirect-dn .*--redirect-dns.*\nHint: see .*--help'/,
    ],
    [[...INSTALL, "--skip-resolv-conf"], /unknown flag: --skip-resolv-conf/],
    [["instal"], /unknown command 'instal' .*install/],
    [["install", "transparent-prox"], /unknown command 'transparent-prox' .*transparent-proxy/],
    [["explain", "KUMA-TP-1"], /there is no code 'KUMA-TP-1' .*\nHint: did you mean KUMA-TP-/],
    [["explain", "NOPE"], /there is no code 'NOPE' .*\nHint: 'kumactl explain' lists them all/],
    [["completion", "tcsh"], /there is no completion for the shell 'tcsh'/],
  ];
  for (const [words, expected] of cases) {
    const { code, out, err } = await kumactl(...words);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, expected);
    assert.match(err, /^Error: [^\n]*\n(Hint: [^\n]*\n)?$/);
  }
});

Deno.test("bad input is one line on standard error, exit code 1, and nothing else", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["--exclude-inbound-ports", "0"],
      /invalid argument "0" for "--exclude-inbound-ports" flag: value '0'/,
    ],
    [["--exclude-inbound-ports", "65536"], /not a valid port/],
    [["--redirect-inbound-port=; rm -rf /"], /invalid argument "; rm -rf \/" for/],
    [["--wait"], /flag needs an argument: --wait/],
    [["--wait", "-1"], /invalid argument "-1" for "--wait"/],
    [
      ["--redirect-dns", "--redirect-all-dns-traffic"],
      /only one of '--redirect-dns' or '--redirect-all-/,
    ],
    [["--config", "-"], /'--config -' is not a document/],
    [["--config", "wait: ["], /failed to load configuration from provided input: --config:1:/],
    [["--config-file", "/nowhere.yaml"], /cannot read the config document \/nowhere.yaml/],
    [["--ip-family-mode", "ipv5"], /must be one of 'dualstack' or 'ipv4'/],
    [["--iptables-executables", "x"], /invalid executable definition/],
    [["--ebpf-enabled"], /give it with --ebpf-instance-ip/],
    [["--ebpf-enabled", "--ebpf-instance-ip", "host"], /invalid IP address: 'host'/],
    [
      ["--ebpf-enabled", "--ebpf-instance-ip", "10.0.0.1", "--ebpf-bpffs-path", "bpf"],
      /'bpf' is no absolute path/,
    ],
    [["--redirect-inbound=maybe"], /"maybe" for "--redirect-inbound" flag/],
    [
      ["--kuma-dp-user", "0", "--exclude-outbound-ports-for-uids", "tcp:22:"],
      /^Error: failed to initialize config: unable to .* parsing excluded outbound ports for uids failed: /m,
    ],
    [
      ["--kuma-dp-user", "no-such-user-here"],
      /^Error: failed to initialize config: the specified UID or username \('no-such-user-here'\) does not/m,
    ],
    [["--dry-run=x"], /invalid argument "x" for "--dry-run" flag/],
  ];
  for (const [words, expected] of cases) {
    // A dry run asks for no privileges, so that these are the same for every user.
    const { code, out, err } = await kumactl(...INSTALL, "--dry-run", ...words);
    const errors = err.split("\n").filter((line) =>
      line !== "" && !line.startsWith("# [WARNING]") && !line.startsWith("Hint: ")
    );
    assert.deepEqual([code, out, errors.length], [1, "", 1], err);
    assert.match(errors[0] ?? "", /^Error: /);
    assert.match(err, expected);
  }
});

Deno.test("words that are no flags are ignored, and so are the root command's flags", async () => {
  const { code, err } = await kumactl(
    ...["--config-file", "/x", "--log-level", "debug", "install", "transparent-proxy", "false"],
    ...["--no-config", "--api-timeout=1s", "--dry-run", "--ebpf-enabled", "word"],
  );
  assert.equal(code, 1);
  assert.match(err, /cannot read the config document \/x|--ebpf-instance-ip/);
});

Deno.test("an inline document of - is refused only where no file is named", async () => {
  const both = ["--config", "-", "--config-file", "/x", "--dry-run"];
  assert.match((await kumactl(...INSTALL, ...both)).err, /config document \/x/);
});

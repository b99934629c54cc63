import assert from "node:assert/strict";
import { isIPv4 as nodeIpv4, isIPv6 as nodeIpv6 } from "node:net";
import fc from "fast-check";
import { ipPrefix, isIpv4, isIpv6, parseIpExclusion } from "./address.ts";
import { refusal } from "./testing.ts";
import { runs } from "tests/support/property.ts";

Deno.test("addresses and CIDRs of both families, as typed but trimmed", () => {
  assert.deepEqual(ipPrefix(" 10.0.0.1 "), { family: "ipv4", text: "10.0.0.1" });
  assert.deepEqual(ipPrefix("10.1.2.3/8"), { family: "ipv4", text: "10.1.2.3/8" });
  assert.deepEqual(ipPrefix("FD00::1/64"), { family: "ipv6", text: "FD00::1/64" });
  for (
    const text of ["::", "::1", "1::", "::fffe:1.2.3.4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4"]
  ) {
    assert.equal(ipPrefix(text)?.family, "ipv6", text);
  }
});

Deno.test("an IPv4-mapped address is the IPv4 one that its packets carry", () => {
  for (
    const [text, ipv4] of [
      ["::ffff:10.0.0.1", "10.0.0.1"],
      ["::FFFF:10.0.0.1", "10.0.0.1"],
      ["0:0:0:0:0:ffff:10.0.0.1", "10.0.0.1"],
      ["0000::0:ffff:a00:1", "10.0.0.1"],
      ["::ffff:a00:1", "10.0.0.1"],
      ["::ffff:0:0", "0.0.0.0"],
      ["0:0:0:0:0:FFFF:255.254.253.252", "255.254.253.252"],
      ["0:0:0:0:0:ffff:c0a8:ff01", "192.168.255.1"],
      ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
      ["::ffff:0.0.0.0/96", "0.0.0.0/0"],
      ["::ffff:10.0.0.1/128", "10.0.0.1/32"],
    ] as const
  ) {
    assert.deepEqual(ipPrefix(text), { family: "ipv4", text: ipv4 }, text);
  }
  for (
    const text of [
      "::ffff:0:0/95",
      "::",
      "::1",
      "::/96",
      "::ffff:0:1:2",
      "1::ffff:10.0.0.1",
      "ffff::",
      "64:ff9b::10.0.0.1",
      "::10.0.0.1",
    ]
  ) {
    assert.deepEqual(ipPrefix(text), { family: "ipv6", text }, text);
  }
});

Deno.test("a comma alone excludes nothing, as in Kuma 2.9", () => {
  assert.deepEqual(parseIpExclusion(","), []);
  assert.deepEqual(parseIpExclusion(" , ,"), []);
});

Deno.test("what only looks like an address is none", () => {
  const bad = [
    "",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.1/33",
    "10.0.0.1/",
    "10.0.0.1/08",
    "10.0.0.1/8/8",
    "::1/129",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "fe80::1%eth0",
    "12345::",
    "1.2.3.4::",
    "::1.2.3.4.5",
    "localhost",
    "１０.0.0.1",
    "10.0.0.1 -j ACCEPT",
  ];
  for (const text of bad) assert.equal(ipPrefix(text), undefined, text);
});

Deno.test("an exclusion is a comma list that names something", () => {
  const texts = (text: string) => parseIpExclusion(text).map((prefix) => prefix.text);
  assert.deepEqual(texts("10.0.0.1,, fd00::/8 ,"), ["10.0.0.1", "fd00::/8"]);
  assert.equal(
    refusal("KUMA-TP-005", () => parseIpExclusion("  ")),
    "invalid exclusion rule: the rule cannot be empty",
  );
  const said = refusal("KUMA-TP-005", () => parseIpExclusion("10.0.0.1,host"));
  assert.match(said, /^invalid exclusion rule: invalid IP address: 'host'\. /);
});

Deno.test("agrees with the runtime's own address check, zones aside", () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.stringMatching(/^[0-9a-f:.]{0,24}$/),
    fc.stringMatching(/^([0-9]{1,3}\.){3}[0-9]{1,3}$/),
    fc.stringMatching(/^(:|::|[0-9a-f]{1,5}:){1,8}[0-9a-f]{0,4}$/),
  );
  fc.assert(
    fc.property(text, (input) => {
      assert.equal(isIpv4(input), nodeIpv4(input), input);
      assert.equal(isIpv6(input), nodeIpv6(input), input);
    }),
    runs(10_000),
  );
});

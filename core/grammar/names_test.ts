import assert from "node:assert/strict";
import fc from "fast-check";
import { anyCharacter } from "core/text/testing/any_character.ts";
import { KumaError } from "core/errors.ts";
import { cleanPath, parseExecutables } from "./executables.ts";
import { parseChainSuffix, parseIpFamilyMode, parseText } from "./names.ts";
import { parseUid, parseUint } from "./numbers.ts";
import { parseBool, parseSwitch } from "./switches.ts";
import { refusal } from "./testing.ts";
import { isInterfaceMatch, parseVirtualNetwork } from "./vnet.ts";
import { runs } from "tests/support/property.ts";

Deno.test("a virtual network is split at the first colon", () => {
  assert.deepEqual(parseVirtualNetwork("docker0:172.17.0.0/16"), {
    iface: "docker0",
    cidr: { family: "ipv4", text: "172.17.0.0/16" },
  });
  assert.deepEqual(parseVirtualNetwork("br+:::1/64").cidr, { family: "ipv6", text: "::1/64" });
  assert.equal(
    refusal("KUMA-TP-006", () => parseVirtualNetwork("docker0")),
    "invalid virtual network definition: docker0",
  );
  assert.match(
    refusal("KUMA-TP-006", () => parseVirtualNetwork("docker0:172.17.0.1")),
    /^invalid CIDR definition for docker0: /,
  );
  for (const text of [":10.0.0.0/8", "-j:10.0.0.0/8", "a b:10.0.0.0/8", "a'b:10.0.0.0/8"]) {
    refusal("KUMA-TP-006", () => parseVirtualNetwork(text));
  }
});

Deno.test("an interface match has at most 15 safe characters", () => {
  assert.ok(["lo", "eth0.100", "veth_a@b", "+", "br-0+", "a".repeat(15)].every(isInterfaceMatch));
  const bad = ["", "a".repeat(16), "a+b", "-a", "!a", "a/b", "a\nb", "ａ"];
  assert.ok(!bad.some(isInterfaceMatch));
});

Deno.test("no virtual network holds a character that iptables-restore reads as syntax", () => {
  const text = fc.tuple(fc.string({ unit: anyCharacter, maxLength: 20 }), fc.ipV4()).map((
    [iface, ip],
  ) => `${iface}:${ip}/8`);
  fc.assert(
    fc.property(text, (input) => {
      try {
        const { iface, cidr } = parseVirtualNetwork(input);
        return /^[A-Za-z0-9_.@+-]{1,15}$/.test(iface) && /^[0-9a-fA-F:./]+$/.test(cidr.text);
      } catch (thrown) {
        return thrown instanceof KumaError;
      }
    }),
    runs(10_000),
  );
});

Deno.test("bools are Go's, switches are those of annotations", () => {
  assert.deepEqual(["1", "t", "TRUE", "True"].map(parseBool), [true, true, true, true]);
  assert.deepEqual(["0", "F", "false"].map(parseBool), [false, false, false]);
  for (const text of ["", "yes", "tRUE", " true"]) refusal("KUMA-TP-008", () => parseBool(text));
  assert.deepEqual(["enabled", " True ", "YES"].map(parseSwitch), [true, true, true]);
  assert.deepEqual(["disabled", "false", "No"].map(parseSwitch), [false, false, false]);
  for (const text of ["", "1", "on", "provided"]) refusal("KUMA-TP-008", () => parseSwitch(text));
});

Deno.test("numbers: Go's prefixes for counters, plain digits for UIDs", () => {
  assert.deepEqual(["5", "0x10", "0o17", "0b11"].map((text) => parseUint(text)), [5, 16, 15, 3]);
  for (const text of ["", "-1", "1.5", "2147483648", "0x", "1_000"]) {
    refusal("KUMA-TP-009", () => parseUint(text));
  }
  assert.deepEqual(["0", "4294967294"].map(parseUid), [0, 4294967294]);
  for (const text of ["4294967295", "-1", "root", "0x10"]) {
    refusal("KUMA-TP-004", () => parseUid(text));
  }
});

Deno.test("family modes in any case, chain suffixes that fit", () => {
  assert.deepEqual(["", "DualStack", "IPv4", "ipv6"].map(parseIpFamilyMode), [
    "dualstack",
    "dualstack",
    "ipv4",
    "ipv6",
  ]);
  const said = refusal("KUMA-TP-010", () => parseIpFamilyMode("ipv5"));
  assert.match(said, /must be one of 'dualstack' or 'ipv4'/);
  assert.equal(parseChainSuffix("OUTBOUND_REDIRECT"), "OUTBOUND_REDIRECT");
  for (const text of ["", "a b", "-X", "x".repeat(19), "a;b"]) {
    refusal("KUMA-TP-011", () => parseChainSuffix(text));
  }
  refusal("KUMA-TP-012", () => parseText("a\nb"));
});

Deno.test("executables: paths are cleaned, all bad items are named together", () => {
  assert.deepEqual(parseExecutables("iptables:/usr//sbin/./x, ip6tables-save:bin/../y,"), {
    iptables: "/usr/sbin/x",
    "ip6tables-save": "y",
  });
  const said = refusal("KUMA-TP-013", () => parseExecutables("nft:/x,iptables,iptables-save:/y"));
  assert.match(said, /'nft:\/x', 'iptables'; .*ip6tables-restore/);
  assert.deepEqual(["/..", "", "a/..", "../a", "/a/../../b"].map(cleanPath), [
    "/",
    ".",
    ".",
    "../a",
    "/b",
  ]);
});

import assert from "node:assert/strict";
import { canonicalAddress } from "./address.ts";
import { canonicalWords, listedText } from "./canonical.ts";
import { splitWords } from "./words.ts";

function same(one: string, other: string): void {
  assert.equal(canonicalWords(splitWords(one)), canonicalWords(splitWords(other)));
}

function different(one: string, other: string): void {
  assert.notEqual(canonicalWords(splitWords(one)), canonicalWords(splitWords(other)));
}

Deno.test("what we write equals what iptables lists for it", () => {
  same(
    '-m comment --comment "kuma/mesh/transparent/proxy/it\'s" -s 10.0.0.1 -p udp --sport 53 -j CT --zone 1',
    '-s 10.0.0.1/32 -p udp -m comment --comment "kuma/mesh/transparent/proxy/it\\\'s" -m udp --sport 53 -j CT --zone 1',
  );
  same(
    "-m multiport -p tcp --dport 22,80:90 -m owner --uid-owner 106:108 -j RETURN",
    "-p tcp -m multiport --dports 22,80:90 -m owner --uid-owner 106-108 -j RETURN",
  );
  same(
    "-p tcp ! --dport 53 -o lo ! -d 127.0.0.1/32 -m owner --uid-owner 5678 -j X",
    "! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 53 -m owner --uid-owner 5678 -j X",
  );
  same("-j LOG --log-prefix OUTPUT: --log-level 4", '-j LOG --log-prefix "OUTPUT:"');
  same("-j LOG --log-prefix x --log-level debug", "-j LOG --log-prefix x --log-level 7");
  same("-d 10.1.2.3/8 -j RETURN", "-d 10.0.0.0/8 -j RETURN");
  same("-d 0.0.0.0/0 -i + -p all -j RETURN", "-j RETURN");
  same("! -d fd00:0:0:0::1/64 -i eth0", "! -d fd00::/64 -i eth0");
  same("--destination-port 22 --protocol 6 --jump RETURN", "-p tcp -m tcp --dport 22 -j RETURN");
  same("-m owner --uid-owner 5:5", "-m owner --uid-owner 5");
});

Deno.test("what differs stays different", () => {
  different("-d 10.0.0.0/8 -j RETURN", "! -d 10.0.0.0/8 -j RETURN");
  different("-d 10.0.0.0/8", "-s 10.0.0.0/8");
  different("! -d 0.0.0.0/0 -j RETURN", "-j RETURN");
  different("-i + -j X", "! -i + -j X");
  different("-m owner --uid-owner 5", "-m owner ! --uid-owner 5");
  different("-p tcp --dport 22", "-p tcp -m multiport --dports 22");
  different("-p tcp --dport 22", "-p udp --dport 22");
  different('-m comment --comment "a"', '-m comment --comment "a "');
  different('-m comment --comment "-j X"', "-j X");
  different("-j LOG --log-level 5", "-j LOG");
  different("-d 10.0.0.0/255.0.255.0", "-d 10.0.0.0/8");
});

Deno.test("addresses have one spelling", () => {
  const spellings: Record<string, string[]> = {
    "10.1.2.3/32": ["10.1.2.3", "10.1.2.3/32"],
    "10.1.0.0/17": ["10.1.127.3/17"],
    "0.0.0.0/0": ["1.2.3.4/0"],
    "0:0:0:0:0:0:0:6/128": ["::6", "0::6/128", "::0.0.0.6"],
    "0:0:0:0:0:ffff:102:304/128": ["::ffff:1.2.3.4", "::FFFF:102:304"],
    "2001:db8:0:0:0:0:0:0/33": ["2001:db8:1::/33", "2001:0DB8::1/33"],
    "fe80:0:0:0:0:0:0:0/10": ["febf::1/10"],
  };
  for (const [one, many] of Object.entries(spellings)) {
    for (const text of many) assert.equal(canonicalAddress(text), one);
  }
  for (
    const odd of [
      ...["", "1.2.3", "1.2.3.256", "10.0.0.0/33", "10.0.0.0/255.0.255.0", ":::", "1::2::3"],
      // What stands in a rule as it was typed: nothing may be behind, between or before.
      ...[
        "1.2.3.4/8/9",
        "1.2.3.4/0008",
        "0001.2.3.4",
        "1.2.3.4 ",
        "1.2.3.+4",
        "1.2.3.0x4",
        "::1\n",
      ],
      ...["1::@", "1::g", "1::12345", "::1 /64", "::1/", "/8", "::1.2.3.4:5"],
    ]
  ) {
    assert.equal(canonicalAddress(odd), odd);
  }
});

for (
  const [ours, listed] of [
    [
      "-m comment --comment 'x y' -p tcp --dport 22 -j RETURN",
      '-p tcp -m comment --comment "x y" -m tcp --dport 22 -j RETURN',
    ],
    ["-p udp -m udp --dport 53 -j R", "-p udp -m udp --dport 53 -j R"],
    [
      "-p tcp -o lo ! -d 127.0.0.1/32 -m owner ! --uid-owner 1:2 -j R",
      "! -d 127.0.0.1/32 -o lo -p tcp -m owner ! --uid-owner 1-2 -j R",
    ],
    ["-p tcp -m multiport --dport 1,2:3 -j R", "-p tcp -m multiport --dports 1,2:3 -j R"],
    ["-j R", "-j R"],
  ] as const
) {
  Deno.test(`listed as iptables-save does: ${listed}`, () => {
    assert.equal(listedText(splitWords(ours.replaceAll("'", '"'))), listed);
  });
}

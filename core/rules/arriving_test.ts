import assert from "node:assert/strict";
import { type Arrival, arrivalOf } from "./arriving.ts";
import { parseSave } from "./parse_save.ts";

const CASES: readonly [name: string, policy: string, rules: readonly string[], Arrival][] = [
  ["an open firewall", "ACCEPT", [], "accepted"],
  ["a closed one", "DROP", [], "dropped"],
  [
    "known ports are let in",
    "DROP",
    [
      "-A INPUT -i lo -j ACCEPT",
      "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT",
      "-A INPUT -p tcp -m multiport --dports 22,443,8000:8100 -j ACCEPT",
      "-A INPUT -p udp -m udp --dport 15006 -j ACCEPT",
      "-A INPUT -p icmp -j ACCEPT",
    ],
    "dropped",
  ],
  ["the port is let in", "DROP", ["-A INPUT -p tcp -m tcp --dport 15006 -j ACCEPT"], "accepted"],
  [
    "it is in a range",
    "DROP",
    ["-A INPUT -p tcp -m multiport --dports 22,15000:15010 -j ACCEPT"],
    "accepted",
  ],
  [
    "only from some",
    "DROP",
    ["-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 15006 -j ACCEPT"],
    "some",
  ],
  ["through some interface", "DROP", ["-A INPUT -i eth0 -j ACCEPT"], "some"],
  ["a last rule rejects", "ACCEPT", [
    "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
    "-A INPUT -j REJECT --reject-with icmp-port-unreachable",
  ], "dropped"],
  [
    "marked ones are dropped",
    "ACCEPT",
    ["-A INPUT -m mark --mark 0x8000/0x8000 -j DROP"],
    "accepted",
  ],
  [
    "all but one port are dropped",
    "ACCEPT",
    ["-A INPUT -p tcp -m tcp ! --dport 22 -j DROP"],
    "dropped",
  ],
  [
    "all but ours are dropped",
    "ACCEPT",
    ["-A INPUT -p tcp -m tcp ! --dport 15006 -j DROP"],
    "accepted",
  ],
  ["new connections are accepted", "DROP", [
    '-A INPUT -p tcp -m state --state NEW -m comment --comment "a -j DROP \\"b" -j ACCEPT',
  ], "accepted"],
  [
    "a chain of ufw lets nothing in",
    "DROP",
    [
      ":ufw-user-input - [0:0]",
      ":ufw-before-input - [0:0]",
      "-A INPUT -j ufw-before-input",
      "-A ufw-before-input -i lo -j ACCEPT",
      "-A ufw-before-input -j ufw-user-input",
      "-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT",
    ],
    "dropped",
  ],
  [
    "a chain returns, and then it is let in",
    "DROP",
    [
      ":ONE - [0:0]",
      "-A INPUT -j ONE",
      "-A INPUT -j ACCEPT",
      "-A ONE -p tcp -j RETURN",
      "-A ONE -j DROP",
    ],
    "accepted",
  ],
  [
    "a chain may return",
    "DROP",
    [
      ":ONE - [0:0]",
      "-A INPUT -j ONE",
      "-A INPUT -j ACCEPT",
      "-A ONE -s 10.0.0.0/8 -j RETURN",
      "-A ONE -j DROP",
    ],
    "some",
  ],
  ["logging ends nothing", "ACCEPT", [
    "-A INPUT -j LOG --log-prefix DROP",
    "-A INPUT -p tcp -j DROP",
  ], "dropped"],
];

for (const [name, policy, rules, expected] of CASES) {
  Deno.test(`a connection to port 15006, ${name}: ${expected}`, () => {
    const chains = rules.filter((line) => line.startsWith(":"));
    const appended = rules.filter((line) => !line.startsWith(":"));
    const text = ["*filter", `:INPUT ${policy} [0:0]`, ...chains, ...appended, "COMMIT", ""].join(
      "\n",
    );
    assert.equal(arrivalOf(parseSave(text), 15_006), expected);
  });
}

Deno.test("without a table filter everything is let in", () => {
  assert.equal(arrivalOf({ tables: [], incompatible: [] }, 15_006), "accepted");
});

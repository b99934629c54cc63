import assert from "node:assert/strict";
import { KumaError } from "../../errors.ts";
import { parseRestore } from "./parse_restore.ts";

Deno.test("only what the renderer writes is read", () => {
  const bad = [
    "-A OUTPUT -j RETURN",
    "* filter\nCOMMIT",
    "* nat\n-A OUTPUT -j RETURN",
    "* nat\n-D OUTPUT -j RETURN\nCOMMIT",
    "* nat\n-A OUTPUT\nCOMMIT",
    "* nat\n-A OUTPUT -j\nCOMMIT",
    "* nat\n-I OUTPUT x -j RETURN\nCOMMIT",
    "* nat\n-A OUTPUT -p icmp -j RETURN\nCOMMIT",
    "* nat\n-A OUTPUT --dport x -j RETURN\nCOMMIT",
    "* nat\n-A OUTPUT -m multiport -p tcp --dport 1,x -j RETURN\nCOMMIT",
    "* nat\n-A OUTPUT -m owner --uid-owner root -j RETURN\nCOMMIT",
    "* nat\n-A OUTPUT -m recent -j RETURN\nCOMMIT",
    '* nat\n-A OUTPUT -m comment --comment "other" -j RETURN\nCOMMIT',
    "* nat\n-A OUTPUT -j RETURN extra\nCOMMIT",
    "* nat\n-A OUTPUT -j CT --notrack\nCOMMIT",
    "* nat\n-A OUTPUT -j LOG --log-level 7\nCOMMIT",
  ];
  for (const text of bad) {
    assert.throws(
      () => parseRestore(text, "ipv4"),
      (error) => error instanceof KumaError && error.code === "KUMA-TP-104",
      text,
    );
  }
});

Deno.test("headings and empty lines are skipped", () => {
  const text =
    "* nat\n\n# Custom Chains:\n--new-chain X\n\n# Rules:\n--append X --jump DROP\n\nCOMMIT\n";
  assert.deepEqual(parseRestore(text, "ipv6"), {
    family: "ipv6",
    tables: [{
      name: "nat",
      chains: ["X"],
      rules: [{ chain: "X", matches: [], target: { kind: "drop" } }],
    }],
  });
});

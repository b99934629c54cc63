/** Names and comments that others gave their rules do not command the terminal of whoever looks. */
import assert from "node:assert/strict";
import { requires } from "tests/support/requires.ts";
import { install, Machine, uninstall } from "./machine.ts";

const CHAIN = "A\x1b[2Jb", COMMENT = "x\x1b[31m\x1b]0;title\x07\nTransparent proxy: in place";
const PACKET = ["explain", "packet", "--uid", "1000", "--to"];
// deno-lint-ignore no-control-regex
const COMMANDS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

requires("root", "netns", "iptables-nft")(
  "what rules of others are called is shown, in one line, and never obeyed",
  async () => {
    await using machine = await Machine.create();
    await machine.kumactlMust(...install());
    const nat = (...words: string[]) => machine.must("iptables-nft", "-t", "nat", ...words);
    await nat("-N", CHAIN);
    await nat("-A", CHAIN, "-j", "ACCEPT");
    await nat("-I", "OUTPUT", "-p", "tcp", "--dport", "444", "-j", CHAIN);
    const accept = ["-p", "tcp", "--dport", "443", "-m", "comment", "--comment", COMMENT];
    await nat("-I", "OUTPUT", ...accept, "-j", "ACCEPT");
    const diffs = [install("--exclude-inbound-ports", "22", "--diff"), uninstall("--diff")];
    const told = new Map<string, string>();
    const tell = async (...words: string[]) => {
      const { stdout, stderr } = await machine.kumactl(words);
      assert.doesNotMatch(stdout + stderr, COMMANDS, words.join(" "));
      assert.doesNotMatch(stdout, /^Transparent proxy: in place/m, words.join(" "));
      told.set(words.join(" "), stdout);
    };
    for (const diff of diffs) await tell(...diff);
    // A rule of somebody else's in our chain is told, too, and nobody may replace it.
    await nat("-I", "KUMA_MESH_OUTBOUND", ...accept, "-j", "RETURN");
    await tell("status", "transparent-proxy", "-o", "wide");
    await tell("check");
    for (const format of ["text", "html", "mermaid", "dot", "yaml", "json"]) {
      await tell(...PACKET, "10.1.2.3:444", "-o", format);
    }
    const status = told.get("status transparent-proxy -o wide") ?? "";
    assert.match(status, /comes before ours: -A A\\u001b\[2Jb -j ACCEPT$/m);
    assert.match(status, /"x\\u001b\[31m\\u001b\]0;title\\u0007\\nTransparent proxy: in place"/);
    assert.match(
      told.get([...PACKET, "10.1.2.3:444", "-o", "text"].join(" ")) ?? "",
      /not followed; they may catch it first:\n(?:.*\n)*? {2}-t nat -A OUTPUT .* -j A\\u001b\[2Jb\n/,
    );
  },
);

import assert from "node:assert/strict";
import { KumaError } from "core/errors.ts";
import { Children } from "./children.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { Tools } from "./tools.ts";

const TOOLS = {
  family: "ipv4",
  version: undefined,
  custom: false,
  iptables: "/x/iptables",
  save: "/x/save",
  restore: "/x/restore",
} as const;
const NFT: Tools = { ...TOOLS, flavour: "nft" }, LEGACY: Tools = { ...TOOLS, flavour: "legacy" };

/** A firewall whose listing is too long as a whole, and the calls that were made of it. */
function crowded(tooLong: readonly string[] = []) {
  const calls: string[] = [];
  const children = new Children({
    run: ([, ...words]) => {
      calls.push(words.join(" "));
      const table = words.at(-1) ?? "";
      if (!words.includes("-t") || tooLong.includes(table)) {
        return Promise.reject(new KumaError("KUMA-HOST-104", "wrote more than 16777216 bytes"));
      }
      const stdout = `*${table}\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j ACCEPT\nCOMMIT\n`;
      return Promise.resolve({ code: 0, signal: null, stdout, stderr: "" });
    },
  });
  return { children, calls };
}

Deno.test("where others' rules are too many to be listed, our tables are listed one by one", async () => {
  for (
    const [tools, known, tables] of [
      [NFT, { nat: ["OUTPUT"], raw: [] }, ["raw", "nat"]],
      [NFT, undefined, ["raw", "nat", "mangle"]],
      [LEGACY, ["filter", "nat"], ["nat"]],
    ] as const
  ) {
    const { children, calls } = crowded();
    const { tables: found } = await takeSnapshot(children, tools, known, true);
    assert.deepEqual(
      found.map(({ name, rules }) => [name, rules.length]),
      tables.map((name) => [name, 1]),
    );
    assert.deepEqual(calls, ["-c", ...tables.map((name) => `-c -t ${name}`)]);
  }
});

Deno.test("a table of ours that is too long is an error, and so is one that asking would make", async () => {
  const tooLong = { code: "KUMA-HOST-104" };
  await assert.rejects(takeSnapshot(crowded(["nat"]).children, NFT, { nat: [] }), tooLong);
  const { children, calls } = crowded();
  await assert.rejects(takeSnapshot(children, LEGACY, undefined), tooLong);
  assert.deepEqual(calls, [""]);
});

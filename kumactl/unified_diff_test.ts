import assert from "node:assert/strict";
import { unifiedDiff } from "./unified_diff.ts";

Deno.test("a unified diff has a file for each thing, and no device where it is not there", () => {
  const rules = ["-t nat -A A -j ONE", "-t nat -A A -j TWO", "-t nat -A A -j THREE"];
  const text = unifiedDiff([
    { subject: "iptables-nft", before: rules, after: rules.with(1, "-t nat -A A -j OTHER") },
    { subject: "/run/new", before: undefined, after: ["{}"] },
    { subject: "/run/old", before: ["{}"], after: undefined },
  ]);
  assert.equal(
    text,
    `--- iptables-nft
+++ iptables-nft
@@ -1,3 +1,3 @@
 -t nat -A A -j ONE
--t nat -A A -j TWO
+-t nat -A A -j OTHER
 -t nat -A A -j THREE
--- /dev/null
+++ /run/new
@@ -0,0 +1,1 @@
+{}
--- /run/old
+++ /dev/null
@@ -1,1 +0,0 @@
-{}
`,
  );
  assert.equal(unifiedDiff([]), "");
});

import assert from "node:assert/strict";
import { checkChain } from "./grammar.ts";

Deno.test("a chain of ours has something after its prefix", () => {
  for (const name of ["KUMA_MESH_I", "KUMA_MESH_INBOUND", "OUTPUT", "tcp"]) {
    assert.equal(checkChain(name), name);
  }
  for (const name of ["KUMA_MESH_", "", "-j", "KUMA_MESH_A B", "KUMA_MESH_".padEnd(29, "X")]) {
    assert.throws(() => checkChain(name), { code: "KUMA-TP-101" }, name);
  }
});

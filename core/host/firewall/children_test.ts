import assert from "node:assert/strict";
import { failureText } from "./children.ts";

Deno.test("what a failed program said is told in one line, and no more of it than helps", () => {
  const said = (stderr: string, signal: string | null = null) =>
    failureText({ code: 4, signal, stdout: "", stderr });
  assert.equal(said(" one\n\n two \n"), "exit status 4: one, two");
  assert.equal(said("\x1b[31mred"), "exit status 4: [31mred");
  assert.equal(said("", "SIGKILL"), "killed by SIGKILL");
  assert.equal(said("x".repeat(1_000_000)), `exit status 4: ${"x".repeat(2000)}…`);
});

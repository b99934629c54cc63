import assert from "node:assert/strict";
import { run, which } from "tests/support/processes.ts";
import { requires } from "tests/support/requires.ts";
import { formatRows } from "./rows.ts";

const test = requires("root", "netns", "iptables-nft");
const MAIN = new URL("./main.ts", import.meta.url).pathname;

/** Runs the demo with the compiled kumactl, or with another program in its place. */
function demo(kumactl?: string) {
  const env = kumactl === undefined ? {} : { KUMACTL_BIN: kumactl };
  return run(Deno.execPath(), ["run", "--allow-all", MAIN], { env });
}

Deno.test("the table lines up, and names what is wrong", () => {
  const rows = [
    { flow: "a calls b", to: "10.0.0.1:1", expected: "x", seen: "x", ok: true },
    { flow: "a calls c", to: "10.0.0.2:1", expected: "x", seen: "silent", ok: false },
  ];
  const lines = formatRows(rows, false).split("\n");
  assert.deepEqual(lines.slice(2), [
    "a calls b       10.0.0.1:1  x           ok",
    "a calls c       10.0.0.2:1  silent      WRONG",
    "  expected: x",
    "  seen: silent",
  ]);
  const coloured = formatRows(rows, true);
  assert.ok(
    coloured.includes("\x1b[32mok\x1b[0m\n") && coloured.includes("\x1b[31mWRONG\x1b[0m\n"),
  );
});

test("the demo succeeds with the compiled kumactl and leaves nothing", async () => {
  const { code, stdout, stderr } = await demo();
  assert.equal(code, 0, stdout + stderr);
  const wide = stdout.split("\n").filter((line) =>
    line.length > 80 && !/^[$#]|^Transparent/.test(line)
  );
  assert.deepEqual(wide, []);
  assert.match(stdout, /\n# 26 of 26 flows went where they should\n/);
  const namespaces = await run("ip", ["netns", "list"]);
  const [own = ""] = /kuma-demo-host-\d+/.exec(stdout) ?? [];
  assert.ok(own !== "" && !namespaces.stdout.includes(own));
});

test("the demo fails where nothing is redirected", async () => {
  const { code, stdout } = await demo(which("true"));
  assert.equal(code, 1);
  assert.match(stdout, /app calls another service .*WRONG/);
});

/** docs/walk.md: its commands are run one after the other, and print what stands there. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { requires } from "../support/requires.ts";
import { BootMachine } from "./boot_machine.ts";
import { kumactlPath } from "./kumactl.ts";

const PAGE = new URL("../../docs/walk.md", import.meta.url);
/** With UPDATE_DOCS=1 the page gets what is printed now. */
const UPDATE = (Deno.env.get("UPDATE_DOCS") ?? "") !== "";

requires("root", "netns", "iptables-nft", "cgroup2")(
  "a newcomer's walk: every command prints what docs/walk.md shows",
  async () => {
    const page = await Deno.readTextFile(PAGE);
    await using machine = await BootMachine.create();
    await machine.must("sed", "-i", "/^kuma-dp/d", "/etc/passwd", "/etc/group");
    const path = `${dirname(kumactlPath())}:/usr/sbin:/usr/bin:/sbin:/bin`;
    const blocks = page.split(/^(```console\n[^]*?^```)$/m);
    for (const [index, block] of blocks.entries()) {
      const commands = block.split("\n").filter((line) => line.startsWith("$ "));
      if (!block.startsWith("```console") || commands.length === 0) continue;
      const lines: string[] = [];
      for (const command of commands) {
        const args = ["-c", `PATH=${path}; export PATH; ${command.slice(2)}`];
        const { stdout, stderr } = await machine.run("sh", args);
        lines.push(command, ...`${stderr}${stdout}`.split("\n").slice(0, -1));
      }
      const ran = ["```console", ...lines.map((line) => line.trimEnd()), "```"].join("\n");
      if (!UPDATE) assert.equal(steady(ran), steady(block));
      blocks[index] = ran;
    }
    if (UPDATE) await Deno.writeTextFile(PAGE, blocks.join(""));
  },
);

/** Without what differs each time: times, versions, the number of the namespace. */
function steady(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?: UTC|\.\d+Z)/g, "TIME")
    .replace(/transparent-proxy\/\d+\./g, "transparent-proxy/INODE.")
    .replace(/kumactl \d+\.\d+\.\d+\S*/g, "kumactl VERSION");
}

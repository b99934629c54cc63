import { isFile } from "core/host/presence.ts";
import { definitionAt } from "core/manifests/values/table.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import type { CommandDefinition } from "core/program/command.ts";
import { valueFlags } from "../kumactl/control_plane/flags.ts";
import { isSource, sourcesBelow } from "tests/support/sources.ts";
import { settingOfFlag } from "core/proxy/sources.ts";
import { ROOT } from "./task.ts";

/** The tables of commands there are: a member that has one is found by itself. */
async function* tables(): AsyncGenerator<[member: string, commands: CommandDefinition[]]> {
  for (const { name, isDirectory } of Deno.readDirSync(ROOT)) {
    const file = join(ROOT, name, "commands.ts");
    if (!isDirectory || !isFile(file)) continue;
    yield [name, Object.values((await import(file)).COMMANDS)];
  }
}

/** All sources of a folder but its table of commands and its tests, one after the other. */
function sources(folder: string): string {
  return sourcesBelow(folder, (name) => isSource(name) && name !== "commands.ts");
}

Deno.test("every flag that writes no setting is asked for by its command's program", async () => {
  const shared = sources(join(ROOT, "core/program"));
  const members: string[] = [];
  for await (const [member, commands] of tables()) {
    members.push(member);
    const text = shared + sources(join(ROOT, member));
    for (const { name } of commands.flatMap(({ flags }) => flags)) {
      if (settingOfFlag(name) !== undefined || valueFlags().some((one) => one.name === name)) {
        continue;
      }
      // As `parsed.text("name")`, `wholeNumber(parsed, "name", …)` or `flag === "name"`.
      const asked = new RegExp(`(\\(|, |=== )"${name}"`);
      assert.match(text, asked, `nothing of ${member} asks for --${name}`);
    }
  }
  assert.ok(["installer", "kumactl", "webhook"].every((name) => members.includes(name)));
});

Deno.test("every flag that writes values of the manifests writes values that there are", () => {
  for (const { name, paths } of valueFlags()) {
    for (const path of paths) {
      assert.ok(definitionAt(path) !== undefined, `--${name} writes ${path}`);
    }
  }
});

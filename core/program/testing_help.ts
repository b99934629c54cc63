/**
 * What is asked of every program's help.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { CommandDefinition } from "./command.ts";
import type { Program } from "./program.ts";
import { FakeIo, ran } from "./testing.ts";

/** Registers tests: help is there for each command, names all flags and examples, and fits 80 columns. */
export function testHelp<Name extends string>(program: Program<Name>): void {
  const commands = Object.entries<CommandDefinition>(program.commands);

  Deno.test(`${program.name}: help goes to standard output, for every command`, async () => {
    for (const [name, { flags, examples }] of commands) {
      const { code, out, err } = await ran(program, [...name.split(" "), "--help"]);
      assert.deepEqual([code, err], [0, ""], name);
      assert.match(out, /Exit codes:\n {2}0 .*\n {2}1 /);
      // A long example goes on in the next line, as a shell takes it.
      const joined = out.replaceAll(/ \\\n */g, " ");
      for (const { command } of examples) assert.ok(joined.includes(command), command);
      for (const { name: flag, hidden } of flags) {
        const there = out.includes(`--${flag} `) || out.includes(`--${flag}\n`);
        assert.equal(there, hidden !== true, `${name} --${flag}`);
      }
    }
    for (const words of [["--help"], ["-h"], ["help"]]) {
      const { code, out, err } = await ran(program, words);
      assert.deepEqual([code, err], [0, ""], words.join(" "));
      assert.ok(out.startsWith(`Usage: ${program.name} `), out);
    }
  });

  Deno.test(`${program.name}: help fits 80 columns, and fills a wider terminal`, async () => {
    class Wide extends FakeIo {
      override readonly columns: number = 120;
    }
    for (const words of [[], ...commands.map(([name]) => name.split(" "))]) {
      const narrow = (await ran(program, [...words, "--help"])).out.split("\n");
      assert.deepEqual(narrow.filter((line) => line.length > 80), []);
      const wide = (await ran(program, [...words, "--help"], new Wide())).out.split("\n");
      assert.deepEqual(wide.filter((line) => line.length > 120), []);
      assert.ok(wide.length <= narrow.length);
    }
  });

  Deno.test(`${program.name}: the version, as command and as flag`, async () => {
    const version = await ran(program, ["version"]);
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
    for (const words of [["--version"], ["version", "--detailed=false"]]) {
      assert.deepEqual(await ran(program, words), version);
    }
    const detailed = (await ran(program, ["version", "--detailed"])).out;
    const lines = ["behaves as Kuma .*", "commit: .+", "deno: .+", "target: .+"];
    assert.match(
      detailed,
      new RegExp(`^${program.name} \\d+\\.\\d+\\.\\d+\n${lines.join("\n")}\n$`),
    );
  });
}

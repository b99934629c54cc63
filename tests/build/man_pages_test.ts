import assert from "node:assert/strict";
import { manPages } from "build/docs/man_pages.ts";
import { PROGRAMS } from "build/docs/programs.ts";
import { run, runOk, withTempDir } from "build/io.ts";
import { requires } from "tests/support/requires.ts";

/** One line for whatis(1) may not be broken, so it may be long. */
const LONG_NAME_LINE = /:6:\d+: STYLE: input text line longer than 80 bytes/;

requires("man")("every manual page is one to groff and to mandoc, without a warning", async () => {
  await withTempDir(async (folder) => {
    const paths: string[] = [];
    for (const program of PROGRAMS) {
      const pages = manPages(program, "2026-11-27");
      assert.equal(pages.size, Object.keys(program.commands).length + 1);
      for (const [name, text] of pages) {
        paths.push(`${folder}/${name}`);
        await Deno.writeTextFile(`${folder}/${name}`, text);
      }
    }
    const { stdout } = await run("mandoc", ["-Tlint", "-Wstyle", ...paths]);
    const complaints = stdout.split("\n").filter((line) =>
      line !== "" && !LONG_NAME_LINE.test(line)
    );
    assert.deepEqual(complaints, []);
    for (const path of paths) {
      const { code, stdout, stderr } = await run("groff", ["-ww", "-man", "-Tutf8", path]);
      assert.deepEqual([code, stderr], [0, ""], path);
      assert.ok(stdout.length > 500, path);
    }
  });
});

requires("man")("a page says what the table of commands says", async () => {
  const [kumactl] = PROGRAMS;
  assert.ok(kumactl !== undefined);
  await withTempDir(async (folder) => {
    const pages = manPages(kumactl, "2026-11-27");
    const page = `${folder}/page.8`;
    await Deno.writeTextFile(page, pages.get("kumactl-install-transparent-proxy.8") ?? "");
    // What is bold is struck twice.
    const text = (await runOk("mandoc", ["-Tutf8", "-Owidth=200", page])).split("\b")
      .map((part, at, { length }) => at + 1 < length ? part.slice(0, -1) : part).join("");
    for (
      const { name, hidden, help } of kumactl.commands["install transparent-proxy"]?.flags ?? []
    ) {
      assert.equal(text.includes(`--${name}`) && text.includes(help), hidden !== true, name);
    }
    assert.match(text, /\n +KUMA_TRANSPARENT_PROXY_WAIT\n +as --wait, where that is not given\n/);
    assert.match(text, /\n +kumactl install transparent-proxy --config-file tproxy\.yaml/);
  });
});

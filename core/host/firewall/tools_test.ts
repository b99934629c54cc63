import assert from "node:assert/strict";
import { effectiveUserId } from "../libc.ts";
import { Children } from "./children.ts";
import { ToolFinder } from "./tools.ts";

effectiveUserId(); // Opens the C library outside of any test.

/** A folder of programs: text is a script, `-> NAME` a link to another of them. */
async function folderOf(programs: Record<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "kuma-tools-" });
  for (const [name, text] of Object.entries(programs)) {
    if (text.startsWith("-> ")) await Deno.symlink(text.slice(3), `${folder}/${name}`);
    else await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  return folder;
}

async function withFolder(
  programs: Record<string, string>,
  test: (finder: ToolFinder, folder: string, children: Children) => Promise<void>,
): Promise<void> {
  const folder = await folderOf(programs);
  const children = new Children();
  try {
    await test(new ToolFinder(children, folder, []), folder, children);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the file behind the links tells the flavour without a child process", async () => {
  const multi = { "xtables-nft-multi": "exit 1", "xtables-legacy-multi": "exit 1" };
  const links = Object.fromEntries(
    ["", "-save", "-restore"].flatMap((suffix) => [
      [`iptables-nft${suffix}`, "-> xtables-nft-multi"],
      [`iptables${suffix}`, "-> xtables-legacy-multi"],
    ]),
  );
  await withFolder({ ...multi, ...links }, async (finder, folder, children) => {
    const nft = await finder.find("ipv4", "nft");
    const legacy = await finder.find("ipv4", "legacy");
    assert(typeof nft !== "string" && typeof legacy !== "string");
    assert.equal(nft.restore, `${folder}/iptables-nft-restore`);
    assert.equal(legacy.restore, `${folder}/iptables-restore`, "plain names count for either");
    assert.equal(children.count, 0);
    assert.match(await finder.find("ipv6", "nft") as string, /no nft ip6tables was found/);
  });
});

Deno.test("a program of its own is asked once, its flavour must be the wanted one", async () => {
  const program = 'echo "iptables v1.8.5 (legacy)"';
  const programs = { iptables: program, "iptables-save": program, "iptables-restore": program };
  await withFolder(programs, async (finder, _folder, children) => {
    const legacy = await finder.find("ipv4", "legacy");
    assert(typeof legacy !== "string");
    assert.deepEqual(legacy.version, [1, 8, 5]);
    assert.equal(children.count, 3);
    assert.match(await finder.find("ipv4", "nft") as string, /no nft iptables was found/);
    assert.equal(children.count, 3, "answers are remembered");
  });
});

Deno.test("programs that answer in strange ways are no candidates", async () => {
  const strange = ["exit 1", "echo hello", 'echo "iptables v9 (bpf)"', "kill -9 $$", "echo x >&2"];
  for (const text of strange) {
    const programs = { iptables: text, "iptables-save": text, "iptables-restore": text };
    await withFolder(programs, async (finder) => {
      assert.equal(typeof await finder.find("ipv4", "nft"), "string", text);
      assert.equal(typeof await finder.find("ipv4", "legacy"), "string", text);
    });
  }
});

Deno.test("named executables: all three of one mode, or words about why not", async () => {
  const nft = 'echo "iptables v1.8.9 (nf_tables)"', legacy = 'echo "iptables v1.8.9 (legacy)"';
  await withFolder({ a: nft, b: nft, c: nft, d: legacy }, async (finder, folder) => {
    const named = (iptables: string, save: string, restore: string) => ({
      iptables: `${folder}/${iptables}`,
      "iptables-save": `${folder}/${save}`,
      "iptables-restore": restore === "" ? "" : `${folder}/${restore}`,
    });
    assert.equal(await finder.custom("ipv4", {}), undefined);
    assert.equal(await finder.custom("ipv6", named("a", "b", "c")), undefined);
    assert.match(
      String(await finder.custom("ipv4", named("a", "b", ""))),
      /iptables-restore is not named/,
    );
    assert.match(String(await finder.custom("ipv4", named("a", "b", "d"))), /same mode/);
    assert.match(String(await finder.custom("ipv4", named("a", "b", "gone"))), /was not found/);
    const found = await finder.custom("ipv4", { ...named("a", "b", "c"), iptables: "a" });
    assert(typeof found === "object", "a name without a slash is searched for");
    assert.deepEqual([found.flavour, found.custom], ["nft", true]);
  });
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { hostArch } from "build/pins.ts";
import { release } from "build/release.ts";
import { run, runOk, withTempDir } from "build/io.ts";
import { ROOT } from "build/task.ts";
import { VERSION } from "core/version.ts";
import { requires } from "tests/support/requires.ts";
import { writeTiny } from "./fixture.ts";

const test = requires("root");

/** The few programs that the script calls, each with its libraries: a host that has nothing else. */
const TOOLS = [
  "sh",
  "cat",
  "chmod",
  "cp",
  "dd",
  "dirname",
  "ln",
  "mkdir",
  "mv",
  "printf",
  "readlink",
];
const MORE_TOOLS = ["rm", "sha256sum", "tr", "wc"];

/** Releases a tiny program and unpacks the archive into `use`'s folder. */
async function withArchive(use: (folder: string, bytes: Uint8Array) => Promise<void>) {
  await withTempDir(async (root) => {
    await writeTiny(root);
    await Deno.writeTextFile(join(root, "LICENSE"), "a licence\n");
    const pages = (binary: string, date: string) =>
      new Map([binary, `${binary}-list`].map((name) => [`${name}.8`, `.TH ${name} 8 "${date}"\n`]));
    const [archive] = await release(root, { names: [], arch: hostArch() }, pages);
    assert.ok(archive !== undefined);
    assert.match(
      archive.path,
      new RegExp(`/dist/release/tiny-${VERSION}-linux-[a-z0-9]+\\.tar\\.gz$`),
    );
    await runOk("sha256sum", ["--check", "SHA256SUMS"], { cwd: join(root, "dist", "release") });
    await unpacked(archive.path, async (work) => use(work, await Deno.readFile(archive.path)));
    const [again] = await release(root, { names: [], arch: hostArch() }, pages);
    assert.equal(again?.sha256, archive.sha256, "the same sources give the same archive");
  });
}

const noPages = () => new Map<string, string>();

/** Unpacks an archive and gives `use` the folder. */
async function unpacked(path: string, use: (folder: string) => Promise<void>): Promise<void> {
  await withTempDir(async (work) => {
    await runOk("tar", ["--extract", "--file", path, "--strip-components=1"], { cwd: work });
    await use(work);
  });
}

/** Runs `use` with a root folder that has the script's tools under /bin and nothing to start our program with. */
async function withBareRoot(use: (root: string) => Promise<void>): Promise<void> {
  await withTempDir(async (root) => {
    await Deno.mkdir(join(root, "bin"));
    await Deno.mkdir(join(root, "tmp"));
    await Deno.mkdir(join(root, "proc"));
    await Deno.mkdir(join(root, "dev"));
    await runOk("mknod", [join(root, "dev/null"), "c", "1", "3"]);
    // Linked statically: there is no library that our program could live on.
    await runOk("cp", ["/bin/busybox", join(root, "bin/busybox")]);
    for (const tool of [...TOOLS, ...MORE_TOOLS]) {
      await Deno.symlink("busybox", join(root, "bin", tool));
    }
    await runOk("mount", ["-t", "proc", "proc", join(root, "proc")]);
    try {
      await use(root);
    } finally {
      await runOk("umount", [join(root, "proc")]);
    }
  });
}

test("a released program installs and starts where there is no C library", async (t) => {
  await withArchive(async (folder) => {
    await withBareRoot(async (root) => {
      await runOk("cp", ["-r", folder, join(root, "archive")]);
      const install = (...args: string[]) =>
        run("chroot", [root, "/bin/sh", "/archive/install.sh", ...args], {
          env: { PATH: "/bin:/usr/sbin" },
        });
      const start = (path: string) => run("chroot", [root, path, "lazy"]);

      await t.step("at the usual place", async () => {
        const { code, stdout, stderr } = await install();
        assert.equal(code, 0, stderr);
        assert.match(
          stdout,
          /^installed \/usr\/local\/bin\/tiny -> \/usr\/local\/lib\/kuma-node\/tiny-/,
        );
        assert.equal((await start("/usr/local/bin/tiny")).stdout, "LAZILY\n");
      });
      await t.step("again over itself", async () => {
        assert.equal((await install()).code, 0);
        assert.equal((await start("/usr/local/bin/tiny")).stdout, "LAZILY\n");
        const left = [...Deno.readDirSync(join(root, "usr/local/lib/kuma-node"))].map((e) =>
          e.name
        );
        assert.deepEqual(left, [`tiny-${VERSION}`]);
      });
      await t.step("elsewhere", async () => {
        const { code, stderr } = await install("--to", "/opt/a/b", "--links", "/opt/bin");
        assert.equal(code, 0, stderr);
        assert.equal((await start("/opt/bin/tiny")).stdout, "LAZILY\n");
      });
      await t.step("with its manual pages, where there is a place for them", async () => {
        const names = (man: string) =>
          [...Deno.readDirSync(join(root, man, "man8"))].map(({ name }) => name).sort();
        assert.throws(() => names("usr/local/share/man"), Deno.errors.NotFound);
        await Deno.mkdir(join(root, "usr/local/share/man/man8"), { recursive: true });
        const at = (name: string) => join(root, "usr/local/share/man/man8", name);
        await Deno.writeTextFile(at("tiny.8"), "theirs");
        // As an older release has left it.
        await Deno.symlink(
          "/usr/local/lib/kuma-node/tiny-0.0.1/man/tiny-gone.8",
          at("tiny-gone.8"),
        );
        const { code, stderr } = await install();
        assert.deepEqual([code, stderr], [
          0,
          "install.sh: /usr/local/share/man/man8/tiny.8 is not ours and stays\n",
        ]);
        assert.deepEqual(names("usr/local/share/man"), ["tiny-list.8", "tiny.8"]);
        assert.equal(Deno.readTextFileSync(at("tiny.8")), "theirs");
        assert.equal(
          Deno.readLinkSync(at("tiny-list.8")),
          `/usr/local/lib/kuma-node/tiny-${VERSION}/man/tiny-list.8`,
        );
        assert.equal((await install("--man", "/opt/man")).code, 0);
        assert.deepEqual(names("opt/man"), ["tiny-list.8", "tiny.8"]);
        assert.equal((await install("--man", "/opt/man", "--remove")).code, 0);
        assert.deepEqual(names("opt/man"), []);
        assert.equal((await install()).code, 0);
      });
      await t.step("unpacked for root alone, and beside what a killed run left", async () => {
        await runOk("chmod", ["-R", "go-rwx", join(root, "archive")]);
        await runOk("chmod", ["755", root]);
        const other = await install("--to", "/opt/c//", "--links", "/opt/bin/");
        assert.match(other.stderr, /^install\.sh: \/opt\/bin\/tiny is there and not ours/);
        assert.equal(other.code, 1);
        assert.equal((await install("--to", "/opt/c//", "--links", "/opt/d/")).code, 0);
        await Deno.symlink("/nowhere", join(root, "opt/d/tiny.new"));
        assert.equal((await install("--to", "/opt/c", "--links", "/opt/d")).code, 0);
        const as = ["--userspec=65534:65534", root, "/opt/d/tiny", "lazy"];
        const nobody = await run("chroot", as);
        assert.equal(nobody.stdout, "LAZILY\n", nobody.stderr);
        assert.equal((await install("--to", "/opt/c/", "--links", "/opt/d//", "--remove")).code, 0);
        assert.deepEqual([...Deno.readDirSync(join(root, "opt/d"))], []);
        const again = await install("--to", "/opt/c", "--remove");
        assert.match(again.stderr, /^install\.sh: there is no \/opt\/c\/tiny-.*: give --to/);
        assert.equal(again.code, 1);
      });
      await t.step("not over somebody else's program", async () => {
        await Deno.mkdir(join(root, "theirs"));
        await Deno.writeTextFile(join(root, "theirs/tiny"), "theirs");
        const { code, stderr } = await install("--links", "/theirs");
        assert.equal(code, 1);
        assert.match(stderr, /^install\.sh: \/theirs\/tiny is there and not ours/);
        assert.equal(Deno.readTextFileSync(join(root, "theirs/tiny")), "theirs");
      });
      await t.step("not where the path is too long for the program", async () => {
        const { code, stderr } = await install("--to", `/${"long".repeat(60)}`);
        assert.equal(code, 1);
        assert.match(stderr, /bytes too long: choose a shorter folder/);
      });
      await t.step("not with a file that was changed", async () => {
        await Deno.writeTextFile(join(root, "archive/LICENSE"), "another licence\n");
        const { code, stderr } = await install("--to", "/changed");
        assert.equal(code, 1);
        assert.match(stderr, /not those that were released/);
      });
      await t.step("and goes again", async () => {
        assert.equal((await install("--remove")).code, 0);
        assert.notEqual((await start("/usr/local/bin/tiny")).code, 0);
        assert.deepEqual([...Deno.readDirSync(join(root, "usr/local/lib/kuma-node"))], []);
        const pages = [...Deno.readDirSync(join(root, "usr/local/share/man/man8"))];
        assert.deepEqual(pages.map(({ name }) => name), ["tiny.8"]);
      });
    });
    await t.step("its bill of materials names what is in it", async () => {
      const bill = JSON.parse(await Deno.readTextFile(join(folder, "sbom.cdx.json"))) as {
        bomFormat: string;
        components: { name: string; purl: string }[];
      };
      assert.equal(bill.bomFormat, "CycloneDX");
      const names = bill.components.map(({ name }) => name);
      for (const name of ["commander", "denort", "libc.so.6", "libgcc_s.so.1"]) {
        assert.ok(names.includes(name), name);
      }
      assert.match(
        bill.components.find(({ name }) => name === "libc.so.6")?.purl ?? "",
        /^pkg:deb\/debian\/libc6@2/,
      );
    });
  });
});

test("an archive with a program in front installs both, as kuma-cni's does", async () => {
  await withTempDir(async (root) => {
    await writeTiny(root, { binary: "kuma-cni", hostRuntime: true, front: "front/front.c" });
    await runOk("cp", ["-r", join(ROOT, "cni/front"), join(root, "tiny/front")]);
    await Deno.writeTextFile(join(root, "LICENSE"), "a licence\n");
    const [archive] = await release(root, { names: [], arch: hostArch() }, noPages);
    await unpacked(archive?.path ?? "", async (folder) => {
      await withBareRoot(async (bare) => {
        await runOk("cp", ["-r", folder, join(bare, "archive")]);
        const env = { PATH: "/bin:/usr/sbin" };
        await runOk("chroot", [bare, "/bin/sh", "/archive/install.sh", "--to", "/opt/a"], { env });
        const call = () =>
          run("chroot", [bare, "/opt/cni/bin/kuma-cni"], { env: { ...env, CNI_COMMAND: "ADD" } });
        assert.match((await call()).stdout, /^tiny /);
        // The program behind it is gone: what answers is the one in front.
        await Deno.remove(join(bare, `/opt/a/kuma-cni-${VERSION}/.kuma-cni-runtime/kuma-cni`));
        assert.match((await call()).stdout, /KUMA-CNI-024/);
      });
    });
  });
});

import assert from "node:assert/strict";
import { debianFiles, fileOf, libraryOf } from "build/debian_files.ts";
import { hostArch } from "build/pins.ts";
import { requires } from "../support/requires.ts";

requires("debian")(
  "files of Debian are found with the packages whose licence they have",
  async () => {
    const files = await debianFiles(hostArch(), [], "/nonexistent");
    const shell = await fileOf(files, "/bin/sh");
    const libc = await libraryOf(files, hostArch(), "libc.so.6");
    const real = await Promise.all([shell, libc].map((path) => Deno.realPath(path)));
    const owners = await files.owners([...real, "/usr/bin/dpkg-query"]);
    assert.equal(owners.length, 3);
    const named = new Map(owners.map(({ name, version }) => [name, version]));
    assert.match(named.get("libc6") ?? "", /^2\.\d+/);
    assert.match(named.get("dpkg") ?? "", /^1\.\d+/);
  },
);

requires("debian")("a file of no package does not go into an image", async () => {
  const files = await debianFiles(hostArch(), [], "/nonexistent");
  await assert.rejects(files.owners(["/usr/bin/dpkg-query", "/proc/version"]), {
    code: "KUMA-BUILD-006",
    message: /\/proc\/version is of no Debian package/,
  });
  await assert.rejects(libraryOf(files, hostArch(), "libnothing.so.1"), {
    code: "KUMA-BUILD-006",
    message: /libnothing\.so\.1/,
  });
});

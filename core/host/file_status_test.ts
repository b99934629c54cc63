import assert from "node:assert/strict";
import { KIND, statusAt, statusOfName } from "./file_status.ts";
import { effectiveUserId } from "./libc.ts";

effectiveUserId(); // Opens the C library outside of any test.

Deno.test("a status is what the runtime tells as well", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const file = `${directory}/file`, link = `${directory}/link`;
    await Deno.writeTextFile(file, "x", { mode: 0o640 });
    await Deno.chmod(file, 0o1640);
    if (Deno.uid() === 0) await Deno.chown(file, 5678, 91234);
    await Deno.symlink(file, link);
    for (const path of [directory, file, link, "/", "/proc/self/ns/net"]) {
      const of = ({ mode, uid, gid, ino }: Deno.FileInfo) => ({ mode, uid, gid, inode: ino });
      assert.deepEqual(statusOfName(path), of(Deno.lstatSync(path)), path);
      assert.deepEqual(statusAt(path), of(Deno.statSync(path)), path);
    }
    const [ofLink, ofFile] = [statusOfName(link), statusAt(link)];
    assert.ok(typeof ofLink !== "number" && typeof ofFile !== "number");
    assert.equal(ofLink.mode & KIND.mask, KIND.link);
    assert.equal(ofFile.mode & KIND.mask, KIND.file);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("what cannot be looked at gives the kernel's reason", () => {
  assert.equal(statusAt("/no/such/file"), -2);
  assert.equal(statusOfName("/etc/passwd/x"), -20);
});

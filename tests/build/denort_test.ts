import assert from "node:assert/strict";
import { join } from "node:path";
import { obtainDenort } from "build/denort.ts";
import { denortFromNpm } from "build/denort_npm.ts";
import { sha256, withTempDir } from "build/io.ts";
import { hostArch, TARGETS } from "build/pins.ts";

async function withEnv<T>(name: string, value: string, use: () => Promise<T>): Promise<T> {
  const before = Deno.env.get(name);
  Deno.env.set(name, value);
  try {
    return await use();
  } finally {
    if (before === undefined) Deno.env.delete(name);
    else Deno.env.set(name, before);
  }
}

Deno.test("the npm package holds the pinned runtime", async () => {
  const arch = hostArch();
  assert.equal(sha256(await denortFromNpm(arch)), TARGETS[arch].denort.sha256);
});

Deno.test("DENORT_BIN comes before all else, for the architecture that it is for", async () => {
  const arch = hostArch();
  const other = arch === "amd64" ? "arm64" : "amd64";
  const known = await obtainDenort(arch);
  await withEnv("DENORT_BIN", known.path, async () => {
    assert.deepEqual(await obtainDenort(arch), { ...known, origin: "DENORT_BIN" });
    assert.notEqual((await obtainDenort(other)).path, known.path);
  });
});

Deno.test("a DENORT_BIN that is not there is one error", async () => {
  await withEnv("DENORT_BIN", "/nowhere/denort", async () => {
    await assert.rejects(obtainDenort("amd64"), { code: "KUMA-BUILD-003", message: /DENORT_BIN/ });
  });
});

Deno.test("a damaged file in the cache is not used", async () => {
  await withTempDir(async (dir) => {
    await withEnv("XDG_CACHE_HOME", dir, async () => {
      const arch = hostArch();
      const first = await obtainDenort(arch);
      assert.ok(first.path.startsWith(dir));
      assert.equal((await obtainDenort(arch)).origin, `${first.origin}, cached`);
      if (!first.path.endsWith("/npm")) return;
      await Deno.truncate(join(first.path), 5000);
      assert.equal((await obtainDenort(arch)).sha256, TARGETS[arch].denort.sha256);
    });
  });
});

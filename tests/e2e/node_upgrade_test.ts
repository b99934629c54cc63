import assert from "node:assert/strict";
import { RUNTIME_FOLDER } from "core/host/elf_interpreter.ts";
import { silentLogger } from "core/log/logger.ts";
import {
  KEEP_OLD_MS,
  removeOldReleases,
  stageProgram,
  useRelease,
} from "../../installer/program.ts";
import { readSettings } from "../../installer/settings/settings.ts";
import { must, run, sleep } from "tests/support/processes.ts";
import { DIST } from "tests/installer/node.ts";

const CALLS = 300;

Deno.test("upgrade after upgrade under a stream of calls: each call finds its own file and its own libraries", async () => {
  const dir = await Deno.makeTempDir({ prefix: "ku-" });
  try {
    for (const release of ["one", "two"]) {
      Deno.mkdirSync(`${dir}/${release}`);
      await must("cp", [
        "-a",
        `${DIST}/kuma-cni`,
        `${DIST}/${RUNTIME_FOLDER}`,
        `${dir}/${release}`,
      ]);
      Deno.writeTextFileSync(`${dir}/${release}/${RUNTIME_FOLDER}/release`, release);
    }
    const bin = `${dir}/bin`;
    Deno.mkdirSync(bin);
    const upgrade = (release: string) => {
      const settings = readSettings({
        CNI_SOURCE_DIR: `${dir}/${release}`,
        MOUNTED_CNI_BIN_DIR: bin,
        MOUNTED_SECONDARY_CNI_BIN_DIR: "",
      });
      useRelease(stageProgram(settings, bin, silentLogger));
    };
    upgrade("one");
    let calling = true;
    // Called by another process, since this one is busy while it copies. xargs tells of any failure by 123.
    const lines = Array.from({ length: CALLS }, (_, call) => call).join("\n");
    const callers = run("xargs", [
      "--max-procs=3",
      "--replace=CALL",
      "env",
      "CNI_COMMAND=VERSION",
      "CALL=CALL",
      `${bin}/kuma-cni`,
    ], { stdin: lines }).finally(() => calling = false);
    let upgrades = 0;
    for (; calling; upgrades++) {
      upgrade(upgrades % 2 === 0 ? "two" : "one");
      // Five seconds in the place of a minute: so many releases would take gigabytes. No call takes that long to start.
      removeOldReleases(bin, Date.now() + KEEP_OLD_MS - 5000);
      await sleep(100);
    }
    const { code, stdout, stderr } = await callers;
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split("supportedVersions").length - 1, CALLS);
    assert.ok(upgrades >= 10, `${upgrades} upgrades`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

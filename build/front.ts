/**
 * Compiles the program in front of a compiled one: freestanding C, for both architectures by the same clang.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import {
  GREETING_SIZE,
  greetingText,
  MOST_ANSWERED,
  MOST_ASKED,
  QUICK_ADD_SOCKET,
} from "core/cni/quick_add.ts";
import { KumaError } from "core/errors.ts";
import { runOk, withTempDir } from "./io.ts";
import { type Arch, TARGETS } from "./pins.ts";
import { FRONT_NEEDS, setUp } from "./setup.ts";

/** How it is compiled: no library, no start-up code, nothing that would want one, and nothing that differs between builds. */
const FLAGS: readonly string[] = [
  ...["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"],
  ...["-ffreestanding", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-pic"],
  // Bytes that came from the kernel are read as the structures that they are.
  "-fno-strict-aliasing",
  ...["-static", "-nostdlib", "-fuse-ld=lld"],
  ...["-Wl,--build-id=none", "-Wl,-z,noexecstack", "-Wl,--strip-all"],
];

/** What it shares with the installer, from the one place where that stands. */
const SHARED: readonly string[] = [
  `-DGREETING="${greetingText()}"`,
  `-DGREETING_SIZE=${GREETING_SIZE}`,
  `-DMOST_ASKED=${MOST_ASKED}L`,
  `-DMOST_ANSWERED=${MOST_ANSWERED}L`,
  `-DSOCKET_NAME="${QUICK_ADD_SOCKET}"`,
];

/**
 * The program made of the C source at the absolute path `source`.
 *
 * @throws {KumaError} `KUMA-BUILD-001` with what clang said, `-008` what to install where it is missing
 */
export async function compileFront(source: string, arch: Arch): Promise<Uint8Array> {
  await setUp(FRONT_NEEDS);
  return await withTempDir(async (dir) => {
    const output = join(dir, "front");
    const target = `--target=${TARGETS[arch].multiarch}`;
    try {
      await runOk("clang", [target, ...FLAGS, ...SHARED, "-o", output, basename(source)], {
        cwd: dirname(source),
      });
    } catch (cause) {
      throw new KumaError("KUMA-BUILD-001", `Cannot compile ${source}`, { cause });
    }
    return await Deno.readFile(output);
  });
}

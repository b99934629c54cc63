/**
 * Compiles the BPF programs of the checkout. The same objects serve every architecture that we build for:
 * BPF is its own, and both are little-endian.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { KumaError } from "core/errors.ts";
import { runOk } from "./io.ts";
import { hostArch, TARGETS } from "./pins.ts";

/** Folder of the sources. */
export const BPF_SOURCES: string = fileURLToPath(new URL("../ebpf-loader/bpf", import.meta.url));

/** The objects, by the file name of their source without `.bpf.c`. */
export const BPF_OBJECTS = ["node", "pod", "cookie"] as const;

/** How every source is compiled; `-g` makes the types (BTF) that maps and libbpf need. */
export const CLANG_FLAGS: readonly string[] = [
  ...["-target", "bpf", "-O2", "-g", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"],
  // Types name their sources; this checkout's path is none of theirs.
  `-ffile-prefix-map=${BPF_SOURCES}/=`,
  // The kernel's headers for user space ask those of an architecture; clang has none for BPF.
  `-I/usr/include/${TARGETS[hostArch()].multiarch}`,
];

/**
 * The compiled object `name`. The same sources give the same bytes in every checkout.
 *
 * @throws {KumaError} `KUMA-BUILD-001` with what clang said
 */
export async function compileBpf(name: typeof BPF_OBJECTS[number]): Promise<Uint8Array> {
  const dir = await Deno.makeTempDir({ prefix: "kuma-bpf-" });
  try {
    const object = `${dir}/${name}.bpf.o`;
    await runOk("clang", [...CLANG_FLAGS, "-c", `${name}.bpf.c`, "-o", object], {
      cwd: BPF_SOURCES,
    });
    // What only debuggers read is larger than the rest.
    await runOk("llvm-strip", ["-g", object]);
    return await Deno.readFile(object);
  } catch (cause) {
    if (cause instanceof KumaError) throw cause;
    throw new KumaError("KUMA-BUILD-001", `Cannot compile ${name}.bpf.c`, { cause });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

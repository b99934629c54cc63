/**
 * libbpf, opened by its name when it is first needed. Every function here follows the kernel's convention: a result
 * ≥ 0, or the negative errno. Source of names and conventions: libbpf's API of 1.0; later ones keep it.
 *
 * Permission: `--allow-ffi` without a path, since the library's place differs from node to node.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

const SYMBOLS = {
  libbpf_major_version: { parameters: [], result: "u32" },
  libbpf_minor_version: { parameters: [], result: "u32" },
  libbpf_set_print: { parameters: ["pointer"], result: "pointer" },
  libbpf_get_error: { parameters: ["pointer"], result: "i64" },
  bpf_object__open_mem: { parameters: ["buffer", "usize", "buffer"], result: "pointer" },
  bpf_object__load: { parameters: ["pointer"], result: "i32" },
  bpf_object__close: { parameters: ["pointer"], result: "void" },
  bpf_object__find_program_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_object__find_map_by_name: { parameters: ["pointer", "buffer"], result: "pointer" },
  bpf_object__next_program: { parameters: ["pointer", "pointer"], result: "pointer" },
  bpf_program__name: { parameters: ["pointer"], result: "pointer" },
  bpf_program__fd: { parameters: ["pointer"], result: "i32" },
  bpf_program__autoload: { parameters: ["pointer"], result: "bool" },
  bpf_program__set_autoload: { parameters: ["pointer", "bool"], result: "i32" },
  bpf_map__fd: { parameters: ["pointer"], result: "i32" },
  bpf_map__type: { parameters: ["pointer"], result: "u32" },
  bpf_map__key_size: { parameters: ["pointer"], result: "u32" },
  bpf_map__value_size: { parameters: ["pointer"], result: "u32" },
  bpf_map__reuse_fd: { parameters: ["pointer", "i32"], result: "i32" },
  bpf_map__set_autocreate: { parameters: ["pointer", "bool"], result: "i32" },
  bpf_map__set_max_entries: { parameters: ["pointer", "u32"], result: "i32" },
  bpf_map__set_initial_value: { parameters: ["pointer", "buffer", "usize"], result: "i32" },
  bpf_link_create: { parameters: ["i32", "i32", "i32", "pointer"], result: "i32" },
  bpf_link_update: { parameters: ["i32", "i32", "pointer"], result: "i32" },
  bpf_prog_attach: { parameters: ["i32", "i32", "i32", "u32"], result: "i32" },
  bpf_prog_detach2: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bpf_obj_pin: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_obj_get: { parameters: ["buffer"], result: "i32" },
  bpf_obj_get_info_by_fd: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_link_get_fd_by_id: { parameters: ["u32"], result: "i32" },
  bpf_map_create: { parameters: ["u32", "buffer", "u32", "u32", "u32", "buffer"], result: "i32" },
  bpf_map_lookup_elem: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  bpf_map_update_elem: { parameters: ["i32", "buffer", "buffer", "u64"], result: "i32" },
  bpf_map_delete_elem: { parameters: ["i32", "buffer"], result: "i32" },
  bpf_map_get_next_key: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  ring_buffer__new: { parameters: ["i32", "function", "pointer", "pointer"], result: "pointer" },
  ring_buffer__consume: { parameters: ["pointer"], result: "i32" },
  ring_buffer__free: { parameters: ["pointer"], result: "void" },
  bpf_tc_hook_create: { parameters: ["buffer"], result: "i32" },
  bpf_tc_hook_destroy: { parameters: ["buffer"], result: "i32" },
  bpf_tc_attach: { parameters: ["buffer", "buffer"], result: "i32" },
  bpf_tc_detach: { parameters: ["buffer", "buffer"], result: "i32" },
  bpf_tc_query: { parameters: ["buffer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Calls = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let calls: Calls | undefined;

/**
 * The library's calls; silent, since it would write to our stderr by itself.
 *
 * @throws {KumaError} `KUMA-BPF-010` where there is no `libbpf.so.1` that can be opened, or it lacks a call.
 */
export function libbpf(): Calls {
  if (calls === undefined) {
    try {
      for (const name of NEEDED) openIfThere(name);
      calls = Deno.dlopen("libbpf.so.1", SYMBOLS).symbols;
    } catch (cause) {
      throw new KumaError("KUMA-BPF-010", `libbpf cannot be opened: ${cause}`, {
        cause,
        hint: "install libbpf 1.0 or newer with libelf and zlib; on Debian: libbpf1",
      });
    }
    calls.libbpf_set_print(null);
    requireVersion(calls);
  }
  return calls;
}

/**
 * What libbpf needs itself. kuma-cni's folder of libraries is on its own run-path, which the loader does not follow for
 * what another library needs; it takes what is open already.
 */
const NEEDED = ["libz.so.1", "libelf.so.1"];

function openIfThere(name: string): void {
  try {
    Deno.dlopen(name, {});
  } catch {
    // Then libbpf does not open either, and that one says why; or it is linked otherwise, and needs no such thing.
  }
}

/** The soname promises this already; a library that breaks the promise would be called with wrong arguments. */
function requireVersion(opened: Calls): void {
  const major = opened.libbpf_major_version();
  if (major === 1) return;
  calls = undefined;
  throw new KumaError(
    "KUMA-BPF-010",
    `libbpf.so.1 says that it is version ${major}, and only 1 is known`,
    { hint: "install libbpf 1.0 or newer; on Debian: libbpf1" },
  );
}

/** The version of the library, as in "1.1". */
export function libbpfVersion(): string {
  return `${libbpf().libbpf_major_version()}.${libbpf().libbpf_minor_version()}`;
}

/** What a call that gives a pointer failed with: the negative errno. Ask at once, before any other call. */
export function pointerError(): number {
  return Number(libbpf().libbpf_get_error(null));
}

/** The address of a buffer, for structures that hold it. The buffer must stay referenced as long as they are used. */
export function addressOf(buffer: Uint8Array<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));
}

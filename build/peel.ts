/**
 * Takes the runtime (`denort`) out of a program that `deno compile` made. Such a program is the runtime's
 * bytes, a payload, and a trailer of 24 bytes: "d3n0l4nd", two 32-bit words, and the 64-bit length of all
 * that follows the runtime, little endian (measured with Deno 2.7.11).
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

const TRAILER = 24;
const MAGIC = "d3n0l4nd";

/**
 * The runtime's bytes, a view into `program`.
 *
 * @throws {KumaError} `KUMA-BUILD-002` when the trailer is missing, or the ELF does not end where the payload starts
 */
export function peel(program: Uint8Array): Uint8Array {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const start = program.length - TRAILER;
  if (start < 64) throw bad("it is too short");
  const magic = new TextDecoder("latin1").decode(program.subarray(start, start + MAGIC.length));
  if (magic !== MAGIC) throw bad("its trailer is missing");
  const payload = Number(view.getBigUint64(program.length - 8, true));
  const size = program.length - payload;
  if (payload < TRAILER || size < 64) throw bad("its trailer is damaged");
  if (elfEnd(view) !== size) throw bad("its ELF part does not end where its payload starts");
  return program.subarray(0, size);
}

/** Where the section header table ends: the last bytes of an ELF file as linkers write it. */
function elfEnd(view: DataView): number {
  return Number(view.getBigUint64(40, true)) +
    view.getUint16(58, true) * view.getUint16(60, true);
}

function bad(why: string): KumaError {
  return new KumaError(
    "KUMA-BUILD-002",
    `Cannot take the runtime out of a compiled program: ${why}`,
  );
}

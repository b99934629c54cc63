import { interpreterFor, locateInterpreter, readInterpreter } from "core/host/elf_interpreter.ts";

/**
 * Rewrites the interpreter path in `program` itself for `binDir`, as the installer does to the copy that it makes.
 *
 * @throws {KumaError} as {@linkcode readInterpreter} and {@linkcode interpreterFor}; `program` is unchanged then
 */
export function rewriteInterpreter(program: Uint8Array, binDir: string): void {
  const path = interpreterFor(readInterpreter(program), binDir);
  program.set(new TextEncoder().encode(path), locateInterpreter(program).offset);
}

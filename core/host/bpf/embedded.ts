/**
 * The compiled BPF programs, inside the compiled program. `deno task build` writes them in the places that are marked
 * here; a program that is run from its sources has none.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";

/** All objects, by the name of their source. */
export interface BpfObjects {
  readonly node: Uint8Array<ArrayBuffer>;
  readonly pod: Uint8Array<ArrayBuffer>;
  readonly cookie: Uint8Array<ArrayBuffer>;
}

const NODE = "@@BPF_NODE@@";
const POD = "@@BPF_POD@@";
const COOKIE = "@@BPF_COOKIE@@";

let given: BpfObjects | undefined;

/** Objects for a program that is run from its sources, and has none in it. */
export function useObjects(objects: BpfObjects): void {
  given = objects;
}

/**
 * The objects of this program.
 *
 * @throws {KumaError} `KUMA-BPF-025` where it was not compiled.
 */
export function embeddedObjects(): BpfObjects {
  return given ?? { node: decode(NODE), pod: decode(POD), cookie: decode(COOKIE) };
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  if (!base64.startsWith("@")) {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  }
  throw new KumaError("KUMA-BPF-025", "this program has no BPF programs in it", {
    hint: "run a compiled one: deno task build ebpf-loader",
  });
}

/**
 * Lays out what is attached to a program with a code cache, and puts it behind the runtime: `deno compile` then writes
 * its own payload behind that.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import type { Attachment, Part } from "core/program/attached.ts";
import type { Denort } from "../denort.ts";
import { sha256 } from "../io.ts";
import type { Halves } from "./halves.ts";

/** A runtime with something attached, and where that lies. */
export interface AttachedRuntime {
  readonly denort: Denort;
  readonly attachment: Attachment;
}

/**
 * Writes the runtime with both halves and the bytecode to `path`.
 *
 * @param caches bytecode by command; {@linkcode Attachment.caches}
 */
export async function attach(
  denort: Denort,
  { common, others }: Halves,
  caches: ReadonlyMap<string, Uint8Array>,
  path: string,
): Promise<AttachedRuntime> {
  const bytes = new Bytes();
  const index: Record<string, Part> = {};
  const encoder = new TextEncoder();
  const text = encoder.encode(common);
  const id = sha256(
    JSON.stringify([
      common,
      ...others,
      ...[...caches].map(([name, cache]) => [name, sha256(cache)]),
    ]),
  );
  bytes.put(encoder.encode(id));
  const textPart = bytes.put(text);
  const cacheParts = [...caches].map(([command, cache]) => [command, bytes.put(cache)] as const);
  for (const [name, code] of others) {
    index[name] = bytes.put(deflateRawSync(code, { level: 9 }));
  }
  const modules = bytes.put(encoder.encode(JSON.stringify(index)));
  const runtime = await Deno.readFile(denort.path);
  const whole = new Uint8Array(runtime.length + bytes.length);
  whole.set(runtime);
  bytes.copyTo(whole.subarray(runtime.length));
  await Deno.writeFile(path, whole, { mode: 0o755 });
  return {
    denort: { path, sha256: sha256(whole), origin: `${denort.origin}, with a program attached` },
    attachment: {
      ...{ at: runtime.length, id, text: textPart, modules },
      caches: Object.fromEntries(cacheParts),
    },
  };
}

/** Parts one behind the other. */
class Bytes {
  readonly #parts: Uint8Array[] = [];
  length = 0;

  put(part: Uint8Array): Part {
    const at = this.length;
    this.#parts.push(part);
    this.length += part.length;
    return [at, part.length];
  }

  copyTo(target: Uint8Array): void {
    let at = 0;
    for (const part of this.#parts) {
      target.set(part, at);
      at += part.length;
    }
  }
}

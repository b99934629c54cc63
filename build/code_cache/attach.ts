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

/** A runtime with something attached, and where that lies. */
export interface AttachedRuntime {
  readonly denort: Denort;
  readonly attachment: Attachment;
}

/** The common half for a command, and bytecode of it. */
export interface Common {
  readonly text: string;
  readonly cache?: Uint8Array | undefined;
}

/**
 * Writes the runtime with all texts to `path`.
 *
 * @param commons by command; {@linkcode Attachment.commands}
 * @param others each module that is in the other half of any, by name
 */
export async function attach(
  denort: Denort,
  commons: ReadonlyMap<string, Common>,
  others: ReadonlyMap<string, string>,
  path: string,
): Promise<AttachedRuntime> {
  const encoder = new TextEncoder();
  const id = sha256(
    JSON.stringify(
      [...commons].map(([command, { text, cache }]) => [command, text, sha256(cache ?? "")]).concat(
        [...others],
      ),
    ),
  );
  const bytes = new Bytes();
  const commands = [...commons].map(([command, { text, cache }]) =>
    [command, {
      text: bytes.put(encoder.encode(id + text)),
      cache: cache === undefined ? undefined : bytes.put(cache),
    }] as const
  );
  const index = [...others].map(([name, code]) =>
    [name, bytes.put(deflateRawSync(code, { level: 9 }))] as const
  );
  const modules = bytes.put(encoder.encode(JSON.stringify(Object.fromEntries(index))));
  const runtime = await Deno.readFile(denort.path);
  const whole = new Uint8Array(runtime.length + bytes.length);
  whole.set(runtime);
  bytes.copyTo(whole.subarray(runtime.length));
  await Deno.writeFile(path, whole, { mode: 0o755 });
  return {
    denort: { path, sha256: sha256(whole), origin: `${denort.origin}, with a program attached` },
    attachment: { at: runtime.length, id, commands: Object.fromEntries(commands), modules },
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

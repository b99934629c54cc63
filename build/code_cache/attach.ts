/**
 * Lays out what is attached to a program with a code cache, and puts it behind the runtime: `deno compile` then writes
 * its own payload behind that.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import type { Attachment, Beyond, CommandText, Part, StagePart } from "core/program/attached.ts";
import type { Denort } from "../denort.ts";
import { sha256 } from "../io.ts";
import type { Cut } from "./stages.ts";

/** A runtime with something attached, and where that lies. */
export interface AttachedRuntime {
  readonly denort: Denort;
  readonly attachment: Attachment;
}

/** What there is for a command, and bytecode of each of its stages, by number. */
export interface CommandStages extends Pick<Cut, "first" | "later"> {
  readonly caches?: ReadonlyMap<number, Uint8Array> | undefined;
}

/**
 * Writes the runtime with all texts to `path`.
 *
 * @param commands by command; {@linkcode Attachment.commands}
 * @param alone each module that some command has in no stage, by name
 */
export async function attach(
  denort: Denort,
  commands: ReadonlyMap<string, CommandStages>,
  alone: ReadonlyMap<string, string>,
  path: string,
): Promise<AttachedRuntime> {
  const all = [...commands].map(([command, { first, later, caches = new Map() }]) =>
    [command, first, later, [...caches].map(([at, cache]) => [at, sha256(cache)])] as const
  );
  const id = sha256(JSON.stringify([all, [...alone]]));
  const encoder = new TextEncoder();
  const bytes = new Bytes();
  const putJson = (value: unknown) => bytes.put(encoder.encode(JSON.stringify(value)));
  const putStage = (text: string, cache: Uint8Array = new Uint8Array()): StagePart => {
    const [at, cacheLength] = bytes.put(cache);
    return [at, cacheLength, bytes.put(encoder.encode(`//${id}\n${text}`))[1]];
  };
  const described: Record<string, CommandText> = {};
  for (const [command, { first, later, caches }] of commands) {
    const beyond: Beyond = {
      shared: first.shared,
      later: later.map(({ text, names }, at) => ({
        part: putStage(text, caches?.get(at + 1)),
        names,
      })),
    };
    described[command] = {
      first: putStage(first.text, caches?.get(0)),
      beyond: putJson(beyond),
    };
  }
  const index = [...alone].map(([name, code]) =>
    [name, bytes.put(deflateRawSync(code, { level: 9 }))] as const
  );
  const modules = putJson(Object.fromEntries(index));
  const runtime = await Deno.readFile(denort.path);
  const whole = new Uint8Array(runtime.length + bytes.length);
  whole.set(runtime);
  bytes.copyTo(whole.subarray(runtime.length));
  await Deno.writeFile(path, whole, { mode: 0o755 });
  return {
    denort: { path, sha256: sha256(whole), origin: `${denort.origin}, with a program attached` },
    attachment: { at: runtime.length, id, commands: described, modules },
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

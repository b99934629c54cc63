/**
 * Lays out what is attached to a program with a code cache, and puts it behind the runtime: `deno compile` then writes
 * its own payload behind that.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import type {
  Attachment,
  CommandText,
  LaterStage,
  Part,
  StagePart,
} from "core/program/attached.ts";
import type { Denort } from "../denort.ts";
import { sha256 } from "../io.ts";
import type { StageText } from "./stages.ts";

/** A runtime with something attached, and where that lies. */
export interface AttachedRuntime {
  readonly denort: Denort;
  readonly attachment: Attachment;
}

/** A stage and bytecode of it. */
export interface Stage extends StageText {
  readonly cache?: Uint8Array | undefined;
}

/**
 * Writes the runtime with all texts to `path`.
 *
 * @param commands stages by command; {@linkcode Attachment.commands}
 * @param alone each module that some command has in no stage, by name
 */
export async function attach(
  denort: Denort,
  commands: ReadonlyMap<string, readonly Stage[]>,
  alone: ReadonlyMap<string, string>,
  path: string,
): Promise<AttachedRuntime> {
  const stages = [...commands].map(([command, stages]) => [
    command,
    stages.map(({ text, names, cache }) => [text, names, sha256(cache ?? "")]),
  ]);
  const id = sha256(JSON.stringify([stages, [...alone]]));
  const encoder = new TextEncoder();
  const bytes = new Bytes();
  const putJson = (value: unknown) => bytes.put(encoder.encode(JSON.stringify(value)));
  const putStage = ({ text, cache = new Uint8Array() }: Stage): StagePart => {
    const [at, cacheLength] = bytes.put(cache);
    return [at, cacheLength, bytes.put(encoder.encode(id + text))[1]];
  };
  const described: Record<string, CommandText> = {};
  for (const [command, [first, ...rest]] of commands) {
    if (first === undefined) continue;
    const later = rest.map((stage): LaterStage => ({ part: putStage(stage), names: stage.names }));
    described[command] = {
      first: putStage(first),
      later: later.length === 0 ? undefined : putJson(later),
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

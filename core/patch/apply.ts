/**
 * Applies operations to a container as RFC 6902 says, with the two liberties that Kuma's users know:
 * `add` makes the parents it misses, and a negative index counts from the end of a list.
 *
 * Every path is resolved by `findPlace` first. By itself the library reads an index as a 32-bit number
 * (`/env/4294967295` is -1 to it, `/env/` is 0, `/env/01` is 1) and finds inherited members (`/toString`,
 * `/env/length`).
 *
 * @module
 */
import jsonpatch from "fast-json-patch";
import { KumaError, oneLine } from "../errors.ts";
import { deeperThan, isObject, type Json, jsonCopy, type JsonObject } from "./json.ts";
import { MAX_DEPTH, type PatchOperation } from "./operation.ts";
import { type Aim, findPlace, NoSuchPlace } from "./place.ts";
import { parsePointer } from "./pointer.ts";

/** Characters that the `copy` operations together may make; each could double the container. */
const MAX_COPIED = 3 << 20;

const EXISTING: Aim = { place: false, makesParents: false };
const PLACE: Aim = { place: true, makesParents: false };
const ADDED: Aim = { place: true, makesParents: true };

/** A container that operations change one after another; the one it is made from stays as it is. */
export class PatchDraft {
  #document: JsonObject;
  #copied = 0;

  constructor(container: JsonObject) {
    this.#document = jsonCopy(container);
  }

  /** The container as the operations have made it. */
  get container(): JsonObject {
    return this.#document;
  }

  /** Applies one operation. Throws `KUMA-WH-012` saying what is wrong; the draft is spoilt then. */
  apply(operation: PatchOperation): void {
    const { op, path, from } = operation;
    try {
      this.#apply(operation);
    } catch (thrown) {
      const source = from === undefined ? "" : ` from ${from}`;
      throw new KumaError(
        "KUMA-WH-012",
        `${op} ${path === "" ? '""' : path}${source}: ${reason(thrown)}`,
        { cause: thrown },
      );
    }
  }

  #apply(operation: PatchOperation): void {
    const { op, tokens } = operation;
    // A copy: the same operation may be applied to other containers.
    const value = jsonCopy(operation.value ?? null);
    if (op === "remove") this.#run(op, findPlace(this.#document, tokens, EXISTING));
    else if (op === "replace") this.#run(op, findPlace(this.#document, tokens, EXISTING), value);
    else if (op === "add") this.#put(tokens, value, ADDED);
    else this.#transfer(op, parsePointer(operation.from ?? ""), tokens);
  }

  /** A move is a removal, then an addition; a copy is only the latter (RFC 6902, 4.4 and 4.5). */
  #transfer(op: "move" | "copy", from: readonly string[], tokens: readonly string[]): void {
    const source = findPlace(this.#document, from, EXISTING);
    const value = jsonCopy(jsonpatch.getValueByPointer(this.#document, source) as Json);
    if (op === "move") this.#run("remove", source);
    else this.#copied += JSON.stringify(value).length;
    if (this.#copied > MAX_COPIED) throw new NoSuchPlace("the copies grow beyond 3 MiB");
    this.#put(tokens, value, PLACE);
  }

  #put(tokens: readonly string[], value: Json, aim: Aim): void {
    if (deeperThan(value, MAX_DEPTH - tokens.length)) {
      throw new NoSuchPlace(`the container would be nested deeper than ${MAX_DEPTH}`);
    }
    this.#run("add", findPlace(this.#document, tokens, aim), value);
  }

  #run(op: "add" | "replace" | "remove", path: string, value: Json = null): void {
    const step = op === "remove" ? { op, path } as const : { op, path, value } as const;
    const { newDocument } = jsonpatch.applyOperation<Json>(this.#document, step, true, true, true);
    if (!isObject(newDocument)) throw new NoSuchPlace("the result is no container");
    this.#document = newDocument;
  }
}

function reason(thrown: unknown): string {
  return oneLine(thrown instanceof Error ? thrown.message : String(thrown)).slice(0, 200);
}

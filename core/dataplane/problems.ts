/**
 * Small checks of one field each, for validators that collect what is wrong.
 *
 * @module
 */
import type { Problem } from "core/patch/container_patch.ts";
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";

/** More than a person reads; an object of megabytes could have as many as that. */
const MOST = 20;

/** Collects problems, each with its field; the first twenty. */
export class Problems {
  readonly list: Problem[] = [];

  /** Notes what is wrong with a field. */
  add(field: string, message: string): void {
    if (this.list.length < MOST) this.list.push({ field, message });
  }

  /** An object; empty where it is absent or wrong. */
  object(value: Json | undefined, field: string): JsonObject {
    if (isObject(value)) return value;
    if (value !== undefined && value !== null) this.add(field, "must be an object");
    return {};
  }

  /** The objects of a list, each with its field; none where it is absent or wrong. */
  objects(value: Json | undefined, field: string): [one: JsonObject, field: string][] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.add(field, "must be a list");
      return [];
    }
    return value.map((one, at) => [this.object(one, `${field}[${at}]`), `${field}[${at}]`]);
  }

  /** A port that must be there. Kuma's JSON may have numbers as texts. */
  port(value: Json | undefined, field: string): void {
    const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
    const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
    if (port < 1 || port > 65_535) this.add(field, "must be a port from 1 to 65535");
  }

  /** An absolute path of a URL. */
  path(value: Json | undefined, field: string): void {
    // deno-lint-ignore no-control-regex
    if (typeof value === "string" && /^\/[^\s\u0000-\u001f]*$/.test(value)) return;
    this.add(field, "must be an absolute path");
  }
}

/** True for a list with something in it. */
export function isFilled(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** A value as it may stand in a message. */
export function shown(value: Json | undefined): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 80);
}

/**
 * How Kuma writes its objects: fields that have their type's zero value are left out. An object that is there
 * and empty says something, and stays.
 *
 * @module
 */
import type { Json, JsonObject } from "core/patch/json.ts";

/** The fields that say something: no empty texts and lists, no zeros, nothing undefined. */
export function withoutZeros(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, Json] => {
      const [, value] = entry;
      return value !== undefined && value !== "" && value !== 0 && value !== false &&
        value !== null && !(Array.isArray(value) && value.length === 0);
    }),
  );
}

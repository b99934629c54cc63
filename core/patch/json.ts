/**
 * JSON as a type, and the questions asked of it everywhere.
 *
 * @module
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object; a missing key reads as `undefined`. */
export interface JsonObject {
  [key: string]: Json;
}

/** Whether a value of whatever origin is an object with members: neither null nor a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for an object that is neither null nor an array. */
export function isObject(value: Json | undefined): value is JsonObject {
  return isRecord(value);
}

/** A list member that is read as a list of objects; anything else in it is skipped. */
export function objectsIn(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A member of its own; maps from outside may hold names such as `constructor`. */
export function own(map: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Structural equality; the order of keys does not count, the order of items does. */
export function jsonEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, at) => jsonEqual(item, right[at]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && jsonEqual(left[key], right[key]));
}

/**
 * A value as text. `String` throws for an object whose own `toString` is no function, and whoever sends JSON can
 * write one; lists and objects are only hinted at, since they may nest deeper than the stack.
 */
export function scalarText(value: Json | undefined): string {
  if (Array.isArray(value)) return "[…]";
  return isObject(value) ? "{…}" : String(value);
}

/** A copy that shares nothing with the original. (`structuredClone` takes ten times as long for JSON.) */
export function jsonCopy<T extends Json>(value: T): T {
  return mapMembers(value, (member) => member) as T;
}

/** True for a value that nests objects and lists in more than `limit` levels; a scalar has none. */
export function deeperThan(value: Json, limit: number): boolean {
  // Level by level: recursion would end at the very values that this is to find.
  let level: Json[] = [value];
  for (let depth = 0;; depth++) {
    const nested = level.filter((one) => typeof one === "object" && one !== null);
    if (nested.length === 0) return false;
    if (depth >= limit) return true;
    level = nested.flatMap((one) => Object.values(one as JsonObject | Json[]));
  }
}

/** A copy without members that are null: Kubernetes reads a null field as an absent one. */
export function withoutNulls(value: Json): Json {
  return mapMembers(value, (member) => member === null ? undefined : member);
}

/** A deep copy in which each member of an object is what `keep` makes of it; `undefined` leaves it out. */
function mapMembers(value: Json, keep: (member: Json) => Json | undefined): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapMembers(item, keep));
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const member = keep(value[key] as Json);
    if (member !== undefined) setMember(copy, key, mapMembers(member, keep));
  }
  return copy;
}

/** Gives an object a member of its own: whoever sends JSON may call one `__proto__`, which an assignment takes otherwise. */
export function setMember(object: JsonObject, key: string, value: Json): void {
  if (key !== "__proto__") object[key] = value;
  else {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
}

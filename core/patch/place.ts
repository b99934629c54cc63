/**
 * Finds the place in a document that the tokens of a pointer name, as RFC 6901 says, and strictly: an
 * index is digits without leading zeros, and only own members count.
 *
 * @module
 */
import { isObject, type Json } from "./json.ts";
import { formatPointer } from "./pointer.ts";

/** What a pointer is to name. */
export interface Aim {
  /** A place to put something, which need not be there yet; else something that is there. */
  readonly place: boolean;
  /** Make the objects and lists on the way that are missing or null. */
  readonly makesParents: boolean;
}

/** A pointer names nothing, or nothing possible; the message says why. */
export class NoSuchPlace extends Error {}

const NO_FIELD = "the container has no such field";
const NO_PARENT = "its parent does not exist or is no object or list";

/**
 * The pointer that the tokens mean in `document`: negative indices and `-` resolved, every index known to
 * be in the list. Throws {@linkcode NoSuchPlace}.
 */
export function findPlace(document: Json, tokens: readonly string[], aim: Aim): string {
  let at = document;
  const found = tokens.map((token, depth) => {
    const next = tokens[depth + 1];
    if (Array.isArray(at)) {
      const last = next === undefined;
      const index = indexOf(at, token, last && aim.place, !last && aim.makesParents);
      if (!last) at = enter(at, index, next, aim);
      return index;
    }
    if (!isObject(at)) throw new NoSuchPlace(aim.place ? NO_PARENT : NO_FIELD);
    if (next !== undefined) at = enter(at, token, next, aim);
    else if (!aim.place && !Object.hasOwn(at, token)) throw new NoSuchPlace(NO_FIELD);
    return token;
  });
  return formatPointer(found);
}

/** The member of an object or list, made first where it is missing and may be made. */
function enter(parent: Json, key: string | number, next: string, aim: Aim): Json {
  // Lists are objects with their indices as keys here; the index was checked.
  const members = parent as unknown as Record<string | number, Json>;
  const member = Object.hasOwn(members, key) ? members[key] : undefined;
  if (member !== undefined && member !== null) return member;
  if (aim.makesParents) return members[key] = parentOf(next);
  throw new NoSuchPlace(aim.place ? NO_PARENT : NO_FIELD);
}

/** The list or object that a missing parent becomes, judged by what is to be put into it. */
function parentOf(token: string): Json {
  if (token === "-" || token === "0" || token === "-1") return [];
  // A gap before the item would read as empty items to Kubernetes, and could be of any length.
  if (/^-?[0-9]+$/.test(token)) {
    throw new NoSuchPlace("the list is not there yet, it starts with 0");
  }
  return {};
}

/**
 * The index that a token means. In `[a, b]`, `-1` is b; where something is inserted it is the place after
 * b, so that `/env/-1` appends, as Kuma's library has it. Only there, and where a missing parent may be
 * appended, the index may be the list's length.
 */
function indexOf(list: readonly Json[], token: string, inserts: boolean, appends: boolean): number {
  const beyond = inserts || appends;
  if (token === "-" && beyond) return list.length;
  if (token === "-") throw new NoSuchPlace("- is the place after the list, nothing is there");
  if (!/^(0|-?[1-9][0-9]*)$/.test(token)) {
    throw new NoSuchPlace("a list is indexed by a number or -");
  }
  const end = list.length + (inserts ? 1 : 0);
  const index = Number(token) + (token.startsWith("-") ? end : 0);
  if (index < 0) throw new NoSuchPlace(`the list has ${list.length} items, no item ${token}`);
  if (index < list.length || index === list.length && beyond) return index;
  throw new NoSuchPlace("the index is beyond the end of the list");
}

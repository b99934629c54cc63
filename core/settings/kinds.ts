/**
 * The kinds of values that a setting may have: how each is read from an environment variable and from
 * the YAML document.
 *
 * @module
 */
import { KumaError, oneLine } from "core/errors.ts";
import { isObject, type Json } from "core/patch/json.ts";
import { ipPrefix } from "core/grammar/address.ts";
import { goBool } from "core/grammar/switches.ts";
import { formatGoDuration, parseGoDuration } from "core/grammar/go_duration.ts";

/**
 * How a value of one kind is read, by every program. Both functions throw an `Error` whose message says what is
 * expected. `Written` is what a document is parsed into: values, or nodes that know their place and quotes.
 */
export interface Kind<T, Written = Json> {
  /** From an environment variable or a flag; Kuma's syntax. */
  text(text: string): T;
  /** From the parsed YAML document; `initial` is what it lies over: null leaves it, and a map is laid over it. */
  yaml(value: Written, initial: T): T;
  /** True where an empty variable is a value of its own; elsewhere it counts as not set. */
  readonly emptyIsValue: boolean;
}

const expected = (what: string, value: unknown): Error =>
  new KumaError(
    "KUMA-WH-001",
    `${oneLine(JSON.stringify(value) ?? "").slice(0, 80)} is not ${what}`,
  );

/** A kind whose values are single texts; `read` gives undefined for what is none, which the message calls `what`. */
export function scalar<T>(
  what: string,
  read: (text: string) => T | undefined,
  emptyIsValue = false,
): Kind<T> {
  const text = (value: string): T => {
    const result = read(value);
    if (result === undefined) throw expected(what, value);
    return result;
  };
  return {
    emptyIsValue,
    text,
    yaml(value, initial) {
      if (value === null) return initial;
      if (typeof value !== "string" && typeof value !== "number") throw expected(what, value);
      return text(String(value));
    },
  };
}

/** Any text. */
export const TEXT: Kind<string> = scalar("a text", (text) => text, true);

/** An image name: any text without white space, not empty. */
export const IMAGE: Kind<string> = scalar(
  "the name of an image",
  (text) => /^\S+$/.test(text) ? text : undefined,
);

/** Where a server is, such as `https://kuma-control-plane.kuma-system:5678`; empty for nowhere. */
export const SERVER_URL: Kind<string> = scalar(
  "a URL such as https://kuma-control-plane.kuma-system:5678",
  (text) => text === "" || /^https:\/\/[A-Za-z0-9.-]+:[0-9]{1,5}$/.test(text) ? text : undefined,
  true,
);

/** A whole number between two limits. */
export function integer(min: number, max: number): Kind<number> {
  return scalar(`a whole number from ${min} to ${max}`, (text) => {
    if (!/^[0-9]{1,10}$/.test(text)) return undefined;
    const value = Number(text);
    return value >= min && value <= max ? value : undefined;
  });
}

/** A port, or 0 for none. */
export const PORT: Kind<number> = integer(0, 65_535);
/** A user or group ID. */
export const ID: Kind<number> = integer(0, 4_294_967_294);
/** Seconds or attempts of a probe. */
export const COUNT: Kind<number> = integer(1, 2_147_483_647);

/** Go's booleans in a variable, YAML's in the document. */
export const SWITCH: Kind<boolean> = {
  emptyIsValue: false,
  text(text) {
    const value = goBool(text);
    if (value === undefined) throw expected("true or false", text);
    return value;
  },
  yaml(value, initial) {
    if (value === null) return initial;
    if (typeof value !== "boolean") throw expected("true or false", value);
    return value;
  },
};

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  return scalar(`one of ${words.join(", ")}`, (text) => words.find((word) => word === text), true);
}

/** A quantity of CPU or memory, its text kept as written. */
export const QUANTITY: Kind<string> = scalar(
  "a quantity such as 100m or 64Mi",
  (text) =>
    /^\+?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$/.test(text)
      ? text
      : undefined,
);

/** A Go duration above zero, normalised: `60s` is `1m0s`. */
export const DURATION: Kind<string> = scalar("a duration above zero such as 30s", (text) => {
  const nanoseconds = parseGoDuration(text);
  return nanoseconds > 0n ? formatGoDuration(nanoseconds) : undefined;
});

/** A list of texts; a variable separates them by commas. */
export function listOf(what: string, item: (text: string) => boolean): Kind<readonly string[]> {
  const check = (items: string[]): readonly string[] => {
    const trimmed = items.map((text) => text.trim()).filter((text) => text !== "");
    const bad = trimmed.find((text) => !item(text));
    if (bad !== undefined) throw expected(what, bad);
    return trimmed;
  };
  return {
    emptyIsValue: true,
    text: (text) => check(text.split(",")),
    yaml(value) {
      if (value === null) return [];
      if (!Array.isArray(value)) throw expected("a list", value);
      return check(value.map((element) => {
        if (typeof element !== "string" && typeof element !== "number") {
          throw expected(what, element);
        }
        return String(element);
      }));
    },
  };
}

/** Texts of any form. */
export const NAMES = listOf("a name", () => true);
/** Ports. */
export const PORTS = listOf(
  "a port from 1 to 65535",
  (text) => /^[0-9]{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535,
);
/** Addresses and CIDRs. */
export const ADDRESSES = listOf("an IP address or CIDR", (text) => ipPrefix(text) !== undefined);

/**
 * Texts by text; a variable is `key:value,key2:value2`. A document's map is laid over the default's, as Go's YAML
 * does with a map that is there; null leaves an empty one, and so does an empty variable.
 */
export const MAP: Kind<Readonly<Record<string, string>>> = {
  emptyIsValue: true,
  text(text) {
    if (text === "") return {};
    return Object.fromEntries(
      text.split(",").map((pair) => {
        const colon = pair.indexOf(":");
        if (colon < 1) throw expected("a list of pairs key:value,key2:value2", text);
        return [pair.slice(0, colon), pair.slice(colon + 1)];
      }),
    );
  },
  yaml(value, initial) {
    if (value === null) return {};
    if (!isObject(value)) throw expected("a map", value);
    const own = Object.entries(value).map(([key, member]): [string, string] => {
      if (typeof member === "object") throw expected("a map of texts", value);
      return [key, String(member)];
    });
    return Object.fromEntries([...Object.entries(initial), ...own]);
  },
};

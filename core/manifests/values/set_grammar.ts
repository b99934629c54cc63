/**
 * Helm's `--set`: `a.b=1,c={x,y},d[0].e=f`. Every rule of its scanner counts, also the odd ones: quotes mean
 * nothing, blanks are never trimmed, `{}` is a list of one empty text.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import type { Json, JsonObject } from "core/patch/json.ts";
import { isObject } from "core/patch/json.ts";

/** A step to a value: a key of a map, or an index of a list. */
export type PathStep = string | number;

/** One assignment. Without a value (`a[0]`) it only makes the list. */
export interface Assignment {
  readonly path: readonly PathStep[];
  readonly value: Json | undefined;
}

const MOST_DOTS = 30;
const LARGEST_INDEX = 65_536;

/**
 * Reads one `--set` argument.
 *
 * @throws {KumaError} `KUMA-CP-001`
 */
export function parseSet(line: string): Assignment[] {
  const scanner = new Scanner(line);
  const assignments: Assignment[] = [];
  while (!scanner.done) {
    const assignment = scanner.assignment();
    if (assignment !== undefined) assignments.push(assignment);
  }
  return assignments;
}

/**
 * Writes the assignments into `tree`, one after the other.
 *
 * @throws {KumaError} `KUMA-CP-001` where a step meets a value of another kind
 */
export function assign(tree: JsonObject, assignments: readonly Assignment[]): void {
  for (const { path, value } of assignments) write(tree, path, value);
}

class Scanner {
  #at = 0;
  readonly #characters: readonly string[];

  constructor(readonly line: string) {
    this.#characters = [...line];
  }

  get done(): boolean {
    return this.#at >= this.#characters.length;
  }

  assignment(): Assignment | undefined {
    const path: PathStep[] = [];
    for (let dots = 0;; dots++) {
      if (dots > MOST_DOTS) throw this.#wrong(`has more than ${MOST_DOTS} dots`);
      const { text, end } = this.#until("=[,.");
      if (end === undefined || end === ",") {
        if (text === "" && path.length === 0 && end === undefined) return undefined;
        const comma = end === "," ? " (a comma in a value is written \\,)" : "";
        throw this.#wrong(`"${shown(text)}" has no value${comma}`);
      }
      if (end === "=" && text === "") {
        // A wholly empty key is ignored with its value, as Helm does.
        if (path.length > 0) throw this.#wrong(`the key ends with a dot`);
        this.#value();
        return undefined;
      }
      if (text === "") {
        if (end !== "." || path.length > 0) throw this.#wrong("a part of the key is empty");
        // `.a=1`: the same.
        this.#until("=");
        this.#value();
        return undefined;
      }
      path.push(text);
      if (end === "=") return { path, value: this.#value() };
      if (end === "[") {
        const after = this.#indices(path);
        if (after === undefined) return { path, value: undefined };
        if (after === "=") return { path, value: this.#value() };
      }
    }
  }

  /** Reads `n]`, and further indices; what stands behind them: `=`, `.`, or nothing. */
  #indices(path: PathStep[]): "=" | "." | undefined {
    for (;;) {
      const { text, end } = this.#until("]");
      if (end === undefined || !/^[+-]?\d+$/.test(text)) {
        throw this.#wrong(`"${shown(text)}" is no index`);
      }
      const index = Number(text);
      if (index < 0 || index > LARGEST_INDEX) {
        throw this.#wrong(`the index ${text} is not from 0 to ${LARGEST_INDEX}`);
      }
      path.push(index);
      const next = this.#characters[this.#at++];
      if (next === "[") continue;
      if (next === "=" || next === "." || next === undefined) return next;
      throw this.#wrong(`"${shown(next)}" stands behind an index`);
    }
  }

  #value(): Json {
    if (this.#characters[this.#at] === "{") {
      this.#at++;
      return this.#list();
    }
    return scalar(this.#until(",").text);
  }

  #list(): Json[] {
    const items: Json[] = [];
    for (;;) {
      const { text, end } = this.#until(",}");
      if (end === undefined) throw this.#wrong("a list must be closed with }");
      items.push(scalar(text));
      if (end === ",") continue;
      if (this.#characters[this.#at] === ",") this.#at++;
      return items;
    }
  }

  /** Takes characters up to one of `ends`, which is eaten; a backslash makes the next one ordinary. */
  #until(ends: string): { text: string; end: string | undefined } {
    let text = "";
    while (!this.done) {
      const character = this.#characters[this.#at++] ?? "";
      if (character === "\\") text += this.#characters[this.#at++] ?? "";
      else if (ends.includes(character)) return { text, end: character };
      else text += character;
    }
    return { text, end: undefined };
  }

  #wrong(why: string): KumaError {
    return new KumaError("KUMA-CP-001", `Cannot read --set "${shown(this.line)}": ${why}`, {
      hint: "write --set key=value; a comma in a value is \\,",
    });
  }
}

/** The type of a scalar, by its text alone. */
function scalar(text: string): Json {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return lower === "true";
  if (lower === "null") return null;
  if (text === "0") return 0;
  // A number that starts with 0 stays a text: a tag such as 0123 is none.
  if (/^[+-]?[1-9]\d*$|^[+-]0+[0-9]*$/.test(text) && Number.isSafeInteger(Number(text))) {
    return Number(text);
  }
  return text;
}

function write(tree: JsonObject, path: readonly PathStep[], value: Json | undefined): void {
  let at: JsonObject | Json[] = tree;
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1;
    const next = path[depth + 1];
    const under = member(at, step);
    if (last) {
      if (value !== undefined) put(at, step, value);
      return;
    }
    const fits = typeof next === "number" ? Array.isArray(under) : isObject(under);
    if (under === undefined || (under === null && typeof step === "number")) {
      const made: JsonObject | Json[] = typeof next === "number" ? [] : {};
      put(at, step, made);
      at = made;
    } else if (fits) at = under as JsonObject | Json[];
    else {
      const where = pathText(path.slice(0, depth + 1));
      throw new KumaError(
        "KUMA-CP-001",
        `Cannot set ${pathText(path)}: ${where} is not a ${
          typeof next === "number" ? "list" : "map"
        }`,
      );
    }
  }
}

function member(at: JsonObject | Json[], step: PathStep): Json | undefined {
  if (Array.isArray(at)) return typeof step === "number" ? at[step] : undefined;
  return Object.hasOwn(at, step) ? at[String(step)] : undefined;
}

function put(at: JsonObject | Json[], step: PathStep, value: Json): void {
  if (!Array.isArray(at)) {
    Object.defineProperty(at, String(step), {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    return;
  }
  while (at.length < Number(step)) at.push(null);
  at[Number(step)] = value;
}

/** A path as a person writes it. */
export function pathText(path: readonly PathStep[]): string {
  return path.map((step, at) =>
    typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${step}`
  )
    .join("");
}

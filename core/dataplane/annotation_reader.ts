/**
 * Annotations, read strictly: each wrong value becomes a problem that names its annotation, so that a person
 * is told all of them at once.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { quoted, readList, readSwitch, readUint } from "core/grammar/go_text.ts";
import type { Texts } from "./facts.ts";
import type { Problems } from "./problems.ts";

/** Largest value of Kuma's numbers. */
const MAX_UINT32 = 4_294_967_295;
const MAX_PORT = 65_535;

/** The annotations of one pod. */
export class AnnotationReader {
  readonly #annotations: Texts;
  readonly #problems: Problems;

  constructor(annotations: Texts, problems: Problems) {
    this.#annotations = annotations;
    this.#problems = problems;
  }

  /** The value as it stands; undefined where the annotation is absent. */
  text(name: string): string | undefined {
    return Object.hasOwn(this.#annotations, name) ? this.#annotations[name] : undefined;
  }

  /** `true`, `yes`, `enabled`, `false`, `no` or `disabled`; undefined where it is absent or wrong. */
  switch(name: string): boolean | undefined {
    return this.#read(name, readSwitch, "write enabled, true, yes, disabled, false or no");
  }

  /** Decimal digits; undefined where it is absent or wrong. */
  uint(name: string, max = MAX_UINT32): number | undefined {
    return this.#read(
      name,
      (_, value) => readUint(name, value, max),
      `write a whole number from 0 to ${max}`,
    );
  }

  /** A port, or 0 for none; undefined where it is absent or wrong. */
  port(name: string): number | undefined {
    return this.uint(name, MAX_PORT);
  }

  /** A port that has to be there. */
  requiredPort(name: string): number | undefined {
    if (this.text(name) === undefined) this.wrong(name, "must be there");
    return this.port(name);
  }

  /** The items of a comma list; none where it is absent. Blanks around items are dropped, unlike in Kuma 2.9. */
  list(name: string): string[] {
    return readList(this.text(name) ?? "");
  }

  /** Notes what is wrong with an annotation. */
  wrong(name: string, message: string): void {
    this.#problems.add(annotationField(name), message);
  }

  /** Notes that a value is not in its grammar. */
  wrongValue(name: string, value: string, advice: string): void {
    this.wrong(name, `wrong value ${quoted(value)}; ${advice}`);
  }

  #read<T>(name: string, read: (name: string, value: string) => T, advice: string): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    try {
      return read(name, value);
    } catch (thrown) {
      if (!(thrown instanceof KumaError)) throw thrown;
      this.wrongValue(name, value, advice);
      return undefined;
    }
  }
}

/** How messages call an annotation. */
export function annotationField(name: string): string {
  return `metadata.annotations["${name}"]`;
}

/**
 * Where a pod's options come from: its annotations over the settings, every choice written down.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { type SettingName, SETTINGS, type Settings } from "./settings/table.ts";
import { quoted, readSwitch, readUint } from "core/grammar/go_text.ts";
import type { TextMap } from "./pod.ts";

/** One option of a pod, and what decided it. */
export interface Decision {
  readonly option: string;
  readonly value: string;
  /** `annotation NAME`, `setting VARIABLE`, `setting FILE: KEY`, `default of KEY`, or a rule in words. */
  readonly source: string;
}

/** Reads options of one pod. Every reader throws `KUMA-WH-002` for a value outside its grammar. */
export class Inputs {
  readonly decisions: Decision[] = [];
  readonly warnings: string[] = [];
  readonly settings: Settings;
  readonly #annotations: TextMap;
  readonly #origins: Readonly<Record<SettingName, string>>;

  constructor(
    annotations: TextMap,
    settings: Settings,
    origins: Readonly<Record<SettingName, string>>,
  ) {
    this.#annotations = annotations;
    this.settings = settings;
    this.#origins = origins;
  }

  /** The annotation's text, `undefined` where it is absent. */
  text(annotation: string): string | undefined {
    return Object.hasOwn(this.#annotations, annotation) ? this.#annotations[annotation] : undefined;
  }

  /** A switch, `undefined` where it is absent. */
  switch(annotation: string): boolean | undefined {
    const text = this.text(annotation);
    return text === undefined ? undefined : readSwitch(annotation, text);
  }

  /** A number, `undefined` where it is absent. */
  uint(annotation: string, max: number): number | undefined {
    const text = this.text(annotation);
    return text === undefined ? undefined : readUint(annotation, text, max);
  }

  /**
   * An annotation that Kuma 2.9 does not look at where a ConfigMap decides: there a value outside its grammar is
   * a warning only.
   */
  orDocument<T>(annotation: string, read: () => T | undefined): T | undefined {
    try {
      return read();
    } catch (thrown) {
      if (this.settings.configMapName === "" || !(thrown instanceof KumaError)) throw thrown;
      const value = quoted((this.text(annotation) ?? "").slice(0, 40));
      this.warnings.push(`annotation ${annotation} has no effect: ${value} says nothing`);
      return undefined;
    }
  }

  /** The pod's value where it has one, else the setting's; writes down which. */
  choose<Name extends SettingName>(
    option: string,
    annotation: string,
    own: Settings[Name] | undefined,
    setting: Name,
  ): Settings[Name] {
    return this.prefer(option, annotation, own, this.settings[setting], this.origin(setting));
  }

  /** The pod's value where it has one, else the one of `source`; writes down which. */
  prefer<T>(option: string, annotation: string, own: T | undefined, other: T, source: string): T {
    const value = own ?? other;
    this.note(option, value, own === undefined ? source : `annotation ${annotation}`);
    return value;
  }

  /** A setting's value, written down. */
  setting<Name extends SettingName>(option: string, setting: Name): Settings[Name] {
    const value = this.settings[setting];
    this.note(option, value, this.origin(setting));
    return value;
  }

  /** How `explain` calls the origin of a setting. */
  origin(setting: SettingName): string {
    const from = this.#origins[setting];
    return from === "default" ? `default of ${SETTINGS[setting].key}` : `setting ${from}`;
  }

  /** Writes down a choice that a rule made. */
  note(option: string, value: unknown, source: string): void {
    const text = typeof value === "string" ? value : JSON.stringify(value) ?? "none";
    this.decisions.push({ option, value: text, source });
  }
}

/** How errors about annotations that are only written back begin, in Kuma's words. */
export const WRITTEN_BACK = "could not generate annotations for pod: ";

/** Like a plain error of a grammar, as a wrong annotation. */
export function asAnnotationError<T>(annotation: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw new KumaError("KUMA-WH-002", `annotation "${annotation}": ${errorText(thrown)}`, {
      cause: thrown,
    });
  }
}

/**
 * One line of the table of values.
 *
 * @module
 */
import type { Json } from "core/patch/json.ts";

/** What a value of Kuma's chart means here. */
export type Meaning =
  /** The same as in Kuma. */
  | "taken"
  /** Nearly the same; the note says what differs. */
  | "differs"
  /** Ours: Kuma's chart has none of this name. */
  | "ours"
  /** About something that is not here; whoever sets it is warned. */
  | "meaningless"
  /** It asks for what cannot be done here; another value than the default is an error. */
  | "refused";

/** What a value may be. `any` is left to the API server, whose types it has. */
export type ValueKind = "text" | "switch" | "number" | "map" | "list" | "any";

/** A form that texts and numbers are held to. */
export type Form =
  | "name"
  | "secret"
  | "folder"
  | "file"
  | "image"
  | "registry"
  | "tag"
  | "port"
  | "url"
  | "zone"
  | readonly string[];

/** A value: where it stands, what it is, and what it does. */
export interface ValueDefinition {
  /** Dotted path. A `meaningless` or `refused` one covers everything below it. */
  readonly path: string;
  readonly kind: ValueKind;
  readonly initial: Json;
  readonly meaning: Meaning;
  /** One line for `--dump-values` and the documentation. */
  readonly help: string;
  readonly form?: Form;
}

/** The forms: a pattern, and what it is called in messages. Empty texts pass: they mean that nothing is said. */
export const FORMS: Readonly<Record<Exclude<Form, readonly string[]>, readonly [RegExp, string]>> =
  {
    name: [/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, "a name of small letters, digits and -"],
    secret: [
      /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
      "the name of an object",
    ],
    folder: [/^\/[^\0:]*$/, "an absolute path"],
    file: [/^[^/\0]*$/, "a file name without folder"],
    image: [/^[a-z0-9]([a-z0-9._/-]*[a-z0-9])?$/, "the name of an image without registry and tag"],
    registry: [/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, "the address of a registry"],
    tag: [/^[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,255}$/, "an image's tag"],
    port: [/^([1-9][0-9]{0,4})$/, "a port"],
    url: [
      /^https:\/\/[A-Za-z0-9.-]+:[0-9]{1,5}$/,
      "a URL such as https://kuma-control-plane.kuma-system:5678",
    ],
    zone: [
      /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
      "a lower-case DNS name",
    ],
  };

type Rest = readonly [path: string, kind: ValueKind, initial: Json, help: string, form?: Form];

function withMeaning(meaning: Meaning, lines: readonly Rest[]): ValueDefinition[] {
  return lines.map(([path, kind, initial, help, form]) => ({
    path,
    kind,
    initial,
    meaning,
    help,
    ...(form === undefined ? {} : { form }),
  }));
}

/** Lines of values that mean what they mean in Kuma. */
export const taken = (...lines: readonly Rest[]): ValueDefinition[] => withMeaning("taken", lines);

/** Lines of values with a difference, which the help says. */
export const differs = (...lines: readonly Rest[]): ValueDefinition[] =>
  withMeaning("differs", lines);

/** Lines of values that Kuma does not have. */
export const ours = (...lines: readonly Rest[]): ValueDefinition[] => withMeaning("ours", lines);

/** Lines of values without effect here. */
export const meaningless = (...lines: readonly Rest[]): ValueDefinition[] =>
  withMeaning("meaningless", lines);

/** Lines of values whose default alone is possible here. */
export const refused = (...lines: readonly Rest[]): ValueDefinition[] =>
  withMeaning("refused", lines);

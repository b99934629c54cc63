/**
 * Why an informer lists or watches again.
 *
 * @module
 */

/** Why list or watch started again; a label of the metric. */
export type Cause =
  | "timeout"
  | "expired"
  | "silence"
  | "connection"
  | "cut short"
  | `status ${number}`;

/** The server asks for a new list. */
export class Expired extends Error {}
/** Nothing came for longer than the server had promised. */
export class Silence extends Error {}
/** The server ended a watch at once. */
export class CutShort extends Error {}

/** The cause of what list or watch threw; `status` is that of an answer, or 0. */
export function causeOf(thrown: unknown, status: number): Cause {
  if (thrown instanceof Expired || status === 410) return "expired";
  if (status !== 0) return `status ${status}`;
  if (thrown instanceof Silence) return "silence";
  return thrown instanceof CutShort ? "cut short" : "connection";
}

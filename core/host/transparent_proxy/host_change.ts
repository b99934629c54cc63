/**
 * One thing that an operation changes on the host, as lines before and after. Apart from how rules are told, which only
 * a dry run needs.
 *
 * @module
 */

/** One thing on the host. */
export interface HostChange {
  /** What it is: a file's path, or in words: `iptables-nft`, `addresses of lo`. */
  readonly subject: string;
  /** Its lines; undefined where it is not there. */
  readonly before: readonly string[] | undefined;
  readonly after: readonly string[] | undefined;
}

/** Those that change anything. */
export function real(changes: readonly HostChange[]): HostChange[] {
  return changes.filter(({ before, after }) => before?.join("\n") !== after?.join("\n"));
}

/** A file's text; undefined for none. */
export function fileChange(
  path: string,
  before: string | undefined,
  after: string | undefined,
): HostChange {
  return { subject: path, before: fileLines(before), after: fileLines(after) };
}

/** A file of JSON, written so that its members can be compared. */
export function jsonChange(path: string, before: unknown, after: unknown): HostChange {
  const text = (value: unknown) =>
    value === undefined ? undefined : JSON.stringify(value, undefined, 2);
  return fileChange(path, text(before), text(after));
}

function fileLines(text: string | undefined): string[] | undefined {
  return text?.replace(/\n$/, "").split("\n");
}

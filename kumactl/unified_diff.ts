/**
 * What would change, as a unified diff: a file for each thing on the host, `/dev/null` where it is not there.
 *
 * @module
 */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import type { HostChange } from "core/host/transparent_proxy/host_change.ts";

/** The whole text; empty where nothing would change. */
export function unifiedDiff(changes: readonly HostChange[]): string {
  return changes.map(({ subject, before, after }) =>
    createTwoFilesPatch(
      before === undefined ? "/dev/null" : subject,
      after === undefined ? "/dev/null" : subject,
      textOf(before),
      textOf(after),
      undefined,
      undefined,
      { context: 3, headerOptions: FILE_HEADERS_ONLY },
    )
  ).join("");
}

function textOf(lines: readonly string[] = []): string {
  return lines.map((line) => `${line}\n`).join("");
}

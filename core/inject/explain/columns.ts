/**
 * Text that fits a terminal.
 *
 * @module
 */
import { beside } from "core/text/wrapped.ts";

/** Columns of what `explain` prints, whatever it explains. */
export const COLUMNS = 100;

/** Rows of a name, a value and what decided it, in columns where they fit, else below each other. */
export function table(rows: readonly (readonly [string, string, string])[]): string[] {
  const widest = (column: 0 | 1, most: number) =>
    Math.min(most, Math.max(0, ...rows.map((row) => row[column].length)));
  const [first, second] = [widest(0, 34), widest(1, 24)];
  return rows.flatMap(([name, value, source]) => {
    const longest = Math.max(...source.split(" ").map((word) => word.length));
    const fits = longest <= COLUMNS - first - second - 6;
    if (fits && name.length <= first && value.length <= second) {
      return beside(`  ${name.padEnd(first)}  ${value.padEnd(second)}  `, source, COLUMNS);
    }
    return [...beside("  ", `${name}  ${value}`, COLUMNS), ...beside("      ", source, COLUMNS)];
  });
}

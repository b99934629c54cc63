/**
 * Text that fits a terminal.
 *
 * @module
 */

/** Columns of what `explain` prints, whatever it explains. */
export const COLUMNS = 100;

/**
 * A text in lines of at most so many columns, broken at blanks, or within a word that is longer than a line. Every
 * line but the first begins with `indent` blanks.
 */
export function wrapped(text: string, indent = 2, columns = COLUMNS): string[] {
  const lines: string[] = [];
  let line = "";
  const room = () => columns - (lines.length === 0 ? 0 : indent);
  const end = () => {
    lines.push(lines.length === 0 ? line : `${" ".repeat(indent)}${line}`);
    line = "";
  };
  for (let word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room()) end();
    while (word.length > room()) {
      if (line.trim() !== "") end();
      const head = word.slice(0, room() - line.length);
      word = word.slice(head.length);
      line += head;
      end();
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  end();
  return lines;
}

/** A text behind `head`; further lines are as far to the right. */
export function beside(head: string, text: string): string[] {
  const blanks = " ".repeat(head.length);
  return wrapped(text, 0, COLUMNS - head.length).map((line, at) =>
    `${at === 0 ? head : blanks}${line}`.trimEnd()
  );
}

/** Rows of a name, a value and what decided it, in columns where they fit, else below each other. */
export function table(rows: readonly (readonly [string, string, string])[]): string[] {
  const widest = (column: 0 | 1, most: number) =>
    Math.min(most, Math.max(0, ...rows.map((row) => row[column].length)));
  const [first, second] = [widest(0, 34), widest(1, 24)];
  return rows.flatMap(([name, value, source]) => {
    const longest = Math.max(...source.split(" ").map((word) => word.length));
    const fits = longest <= COLUMNS - first - second - 6;
    if (fits && name.length <= first && value.length <= second) {
      return beside(`  ${name.padEnd(first)}  ${value.padEnd(second)}  `, source);
    }
    return [...beside("  ", `${name}  ${value}`), ...beside("      ", source)];
  });
}

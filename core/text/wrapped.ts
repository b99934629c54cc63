/**
 * Text that fits a number of columns.
 *
 * @module
 */

/**
 * A text in lines of at most so many columns, at least one beside the indent, broken at blanks, or within a word that is longer than a line. Every
 * line but the first begins with `indent` blanks.
 */
export function wrapped(text: string, indent: number, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  const room = () => Math.max(1, columns - (lines.length === 0 ? 0 : indent));
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

/** A text behind `head`, in so many columns; further lines are as far to the right. */
export function beside(head: string, text: string, columns: number): string[] {
  const blanks = " ".repeat(head.length);
  return wrapped(text, 0, columns - head.length).map((line, at) =>
    `${at === 0 ? head : blanks}${line}`.trimEnd()
  );
}

/** Lines of one list that a person is shown. */
const SHOWN = 20;

/** The lines, or the first of very many and how many there are beside: thousands would push all else off the screen. */
export function atMost(lines: readonly string[]): readonly string[] {
  if (lines.length <= SHOWN) return lines;
  return [...lines.slice(0, SHOWN), `and ${lines.length - SHOWN} more: -o json has them all`];
}

/**
 * The difference of two texts, line by line, as `diff -u` shows it but with all of the context.
 *
 * @module
 */

/** Cells of the table below; beyond that both texts are shown whole. */
const MAX_CELLS = 16_000_000;

/** Lines of both texts in order: ` ` in both, `-` only in the first, `+` only in the second. */
export function lineDiff(before: string, after: string): string {
  const left = before.split("\n").slice(0, -1);
  const right = after.split("\n").slice(0, -1);
  const common = longestCommon(left, right);
  const out: string[] = [];
  let i = 0;
  let j = 0;
  for (const line of common) {
    while (left[i] !== line) out.push(`-${left[i++]}`);
    while (right[j] !== line) out.push(`+${right[j++]}`);
    out.push(` ${line}`);
    i++;
    j++;
  }
  out.push(...left.slice(i).map((line) => `-${line}`), ...right.slice(j).map((line) => `+${line}`));
  return `${out.join("\n")}\n`;
}

/** A longest common subsequence, by the table of the lengths of all suffixes. */
function longestCommon(left: readonly string[], right: readonly string[]): string[] {
  const width = right.length + 1;
  if ((left.length + 1) * width > MAX_CELLS) return [];
  const lengths = new Uint32Array((left.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] = left[i] === right[j]
        ? at(i + 1, j + 1) + 1
        : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const common: string[] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    const line = left[i] ?? "";
    if (line === right[j]) {
      common.push(line);
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return common;
}

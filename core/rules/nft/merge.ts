/**
 * The rules of both families as one list.
 *
 * @module
 */
import type { NftRule } from "./model.ts";

/**
 * One list that does for each family what its own list does: rules that both have are written once, the
 * others keep their family. Any interleaving that keeps each list's order is right, since a rule of one family
 * does nothing to packets of the other; this one shares as many rules as can be (longest common subsequence).
 */
export function mergeRules(a: readonly NftRule[], b: readonly NftRule[]): NftRule[] {
  if (b.length === 0) return [...a];
  const keysA = a.map(sharedKey), keysB = b.map(sharedKey);
  const lengths = commonLengths(keysA, keysB);
  const merged: NftRule[] = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i], right = b[j];
    if (left !== undefined && right !== undefined && keysA[i] === keysB[j]) {
      const { family: _, ...shared } = left;
      merged.push(shared);
      i++, j++;
    } else if (
      left !== undefined && (right === undefined || at(lengths, i + 1, j) >= at(lengths, i, j + 1))
    ) {
      merged.push(left);
      i++;
    } else if (right !== undefined) {
      merged.push(right);
      j++;
    }
  }
  return merged;
}

/** Equal for rules that can be one: the same but for their family. */
function sharedKey({ family, ...rule }: NftRule): string {
  return JSON.stringify(
    rule.matches.some(({ kind }) => kind === "address") ? { family, ...rule } : rule,
  );
}

function at(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}

/** `result[i][j]`: length of the longest common subsequence of `a` from `i` on and `b` from `j` on. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const lengths = Array.from(
    { length: a.length + 1 },
    () => new Array<number>(b.length + 1).fill(0),
  );
  for (let i = a.length - 1; i >= 0; i--) {
    const row = lengths[i], below = lengths[i + 1];
    if (row === undefined || below === undefined) continue;
    for (let j = b.length - 1; j >= 0; j--) {
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return lengths;
}

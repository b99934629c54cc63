/**
 * A firewall as lines that can be compared, each whole in itself: `-t nat -A OUTPUT -p tcp -j KUMA_MESH_OUTBOUND`.
 *
 * @module
 */
import { applyRestore } from "./apply_restore.ts";
import { listedText } from "./canonical.ts";
import { splitWords } from "./words.ts";
import type { SavedState } from "./saved.ts";
import type { Transition } from "./transition.ts";

/** The lines of the tables that a change touches, before and after it. */
export interface ListedChange {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * What a change does to the firewall that it was planned for. Rules of others in these tables are listed, too:
 * where ours stand among them is part of the change. Chains that are built in are not: they are always there.
 *
 * @throws {RefusedLine} where the change is not one for this firewall.
 */
export function listChange(state: SavedState, { text, tables }: Transition): ListedChange {
  const changed = ({ tables: all }: SavedState): SavedState => ({
    tables: tables.toSorted().flatMap((name) => all.filter((table) => table.name === name)),
    incompatible: [],
  });
  const before = changed(state);
  const after = changed(applyRestore(state, text));
  // A rule that stays keeps the spelling that iptables-save has for it.
  const spelling = new Map(
    before.tables.flatMap(({ name, rules }) =>
      rules.map((rule) => [`${name} ${rule.chain} ${rule.canonical}`, rule.text] as const)
    ),
  );
  return { before: lines(before, spelling), after: lines(after, spelling) };
}

function lines({ tables }: SavedState, spelling: ReadonlyMap<string, string>): string[] {
  return tables.flatMap(({ name, chains, rules }) => [
    ...chains.filter(({ builtin }) => !builtin).map((chain) => `-t ${name} -N ${chain.name}`),
    ...rules.map(({ chain, canonical, text }) =>
      `-t ${name} -A ${chain} ${
        spelling.get(`${name} ${chain} ${canonical}`) ?? listedText(splitWords(text))
      }`.trimEnd()
        .replaceAll("\n", "\\n")
    ),
  ]);
}

/**
 * The way back: our rules as they were, at the places where they were, while everything that others did
 * in between stays.
 *
 * @module
 */
import { isOurChain } from "./model.ts";
import { type KnownRule, type Ownerships, ownerships } from "./ownership.ts";
import { rulesOf, type SavedRule, type SavedState, type SavedTable } from "./saved.ts";
import { removal, type Transition, type TransitionOptions } from "./transition.ts";

/** A rule of ours outside of our chains, and how many rules of others stand ahead of it. */
interface Placed {
  readonly rule: SavedRule;
  readonly foreignAhead: number;
}

/**
 * The change from `after` back to `before`, as far as our rules go; empty where they are the same.
 * Strangers in our chains go back as they were, too. Pure; never throws.
 *
 * @param options `known`: rules that are ours without a comment, in either state
 */
export function planRestoreOf(
  before: SavedState,
  after: SavedState,
  options: TransitionOptions = {},
): Transition {
  const known: readonly KnownRule[] = options.known ?? [];
  const owners = new Map([...ownerships(before, known), ...ownerships(after, known)]);
  const tables: string[] = [];
  const blocks: string[] = [];
  const names = new Set([...before.tables, ...after.tables].map((table) => table.name));
  for (const name of names) {
    const old = before.tables.find((table) => table.name === name);
    const now = after.tables.find((table) => table.name === name);
    if (fingerprint(old, owners) === fingerprint(now, owners)) continue;
    tables.push(name);
    blocks.push([`*${name}`, ...backLines(old, now, owners), "COMMIT\n"].join("\n"));
  }
  const absent = tables.filter((name) => !before.tables.some((table) => table.name === name));
  const onlyOurs = (name: string): boolean => {
    const now = after.tables.find((table) => table.name === name);
    return now !== undefined && now.rules.every((rule) => owners.get(rule) !== "foreign") &&
      now.chains.every((chain) => chain.builtin || isOurChain(chain.name));
  };
  return { text: blocks.join(""), tables, emptied: absent.filter(onlyOurs) };
}

function backLines(
  old: SavedTable | undefined,
  now: SavedTable | undefined,
  owners: Ownerships,
): string[] {
  const oldChains = ourChains(old);
  return [
    ...removal(now, owners, oldChains),
    ...oldChains.map((chain) => `:${chain} - [0:0]`),
    ...oldChains.flatMap((chain) =>
      rulesOf(old, chain).map((rule) => `-A ${chain} ${rule.text}`.trimEnd())
    ),
    ...placesInOthers(old, now, owners),
  ];
}

/** Lines that put our rules back into chains of others, where those still are; a built-in chain always is. */
function placesInOthers(
  old: SavedTable | undefined,
  now: SavedTable | undefined,
  owners: Ownerships,
): string[] {
  const usable = new Set([
    ...now?.chains.map((chain) => chain.name) ?? [],
    ...old?.chains.filter((chain) => chain.builtin).map((chain) => chain.name) ?? [],
  ]);
  return [...Map.groupBy(old?.rules ?? [], (rule) => rule.chain)]
    .filter(([chain]) => usable.has(chain) && !isOurChain(chain))
    .map(([chain, rules]) => [chain, placed(rules, owners)] as const)
    .filter(([, rules]) => rules.length > 0)
    .flatMap(([chain, rules]) => placeLines(chain, rules, now, owners));
}

function placeLines(
  chain: string,
  rules: readonly Placed[],
  now: SavedTable | undefined,
  owners: Ownerships,
): string[] {
  const foreignNow = rulesOf(now, chain).filter((rule) => owners.get(rule) === "foreign").length;
  return rules.map(({ rule, foreignAhead }, index) =>
    // Behind all others it is appended: others may have been added in the meantime.
    foreignAhead >= foreignNow
      ? `-A ${chain} ${rule.text}`.trimEnd()
      : `-I ${chain} ${foreignAhead + index + 1} ${rule.text}`.trimEnd()
  );
}

function placed(rules: readonly SavedRule[], owners: Ownerships): Placed[] {
  let foreignAhead = 0;
  const found: Placed[] = [];
  for (const rule of rules) {
    if (owners.get(rule) === "foreign") foreignAhead++;
    else found.push({ rule, foreignAhead });
  }
  return found;
}

function ourChains(table: SavedTable | undefined): string[] {
  return table?.chains.map((chain) => chain.name).filter(isOurChain) ?? [];
}

/** What is ours in a table and where it stands, as one text. */
function fingerprint(table: SavedTable | undefined, owners: Ownerships): string {
  const byChain = Map.groupBy(table?.rules ?? [], (rule) => rule.chain);
  const inOthers = [...byChain].filter(([name]) => !isOurChain(name))
    .flatMap(([name, rules]) =>
      placed(rules, owners)
        .map(({ rule, foreignAhead }) => [name, foreignAhead, rule.canonical])
    );
  const inOurs = ourChains(table)
    .map((chain) => [chain, rulesOf(table, chain).map((rule) => rule.canonical)]);
  return JSON.stringify([inOthers, inOurs]);
}

/**
 * The firewall as it is, for one family and flavour.
 *
 * @module
 */
import { COMMENT_PREFIX, isOurChain, TABLES } from "core/rules/model.ts";
import { parseSave } from "core/rules/parse_save.ts";
import { EMPTY_STATE, type SavedState } from "core/rules/saved.ts";
import type { Children } from "./children.ts";
import { listRules } from "./list_rules.ts";
import type { NftObjects } from "./nft_objects.ts";
import type { Tools } from "./tools.ts";

/**
 * Lists and reads the rules, without a child process where `known` says that there is no table to list.
 *
 * @param counters whether rules come with what they have counted
 * @param known the flavour's tables: undefined where they are not known
 * @throws {KumaError} as {@linkcode listRules} does; `KUMA-TP-102` the listing makes no sense.
 */
export async function takeSnapshot(
  children: Children,
  tools: Tools,
  known: NftObjects | readonly string[] | undefined,
  counters = false,
): Promise<SavedState> {
  if (known !== undefined && Object.keys(known).length === 0) return EMPTY_STATE;
  return parseSave(await listRules(children, tools, known, counters));
}

/** Whether raw, nat or mangle hold anything beyond empty built-in chains. */
export function hasRules(state: SavedState): boolean {
  return state.tables.some((table) =>
    TABLES.some((name) => name === table.name) &&
    (table.rules.length > 0 || table.chains.some((chain) => !chain.builtin))
  );
}

/** Whether Docker's chain for its own DNS is there. */
export function hasDockerOutput(state: SavedState): boolean {
  return state.tables.some((table) =>
    table.name === "nat" && table.chains.some((chain) => chain.name === "DOCKER_OUTPUT")
  );
}

/** Whether any rule or chain is ours, whatever the journal says. */
export function holdsOurs(state: SavedState): boolean {
  return state.tables.some((table) =>
    table.chains.some((chain) => isOurChain(chain.name)) ||
    table.rules.some((rule) => rule.comment?.startsWith(COMMENT_PREFIX))
  );
}

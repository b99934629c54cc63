/**
 * The firewall as it is, for one family and flavour.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { COMMENT_PREFIX, TABLES } from "core/rules/model.ts";
import { isOurChain } from "core/rules/ownership.ts";
import { parseSave } from "core/rules/parse_save.ts";
import { EMPTY_STATE, type SavedState } from "core/rules/saved.ts";
import { type Children, failureText } from "./children.ts";
import type { NftObjects } from "./nft_objects.ts";
import type { Tools } from "./tools.ts";

/**
 * Lists the rules, without a child process where `known` says that there is no table to list.
 *
 * @param counters whether rules come with what they have counted
 * @param known the flavour's tables: undefined where they are not known
 * @throws {KumaError} `KUMA-TP-203` the program failed, `KUMA-TP-102` its listing makes no sense.
 */
export async function takeSnapshot(
  children: Children,
  tools: Tools,
  known: NftObjects | readonly string[] | undefined,
  counters = false,
): Promise<SavedState> {
  if (known !== undefined && Object.keys(known).length === 0) return EMPTY_STATE;
  const list = async (...more: string[]) => {
    const result = await children.run([tools.save, ...(counters ? ["-c"] : []), ...more]);
    if (result.code === 0) return result.stdout;
    throw new KumaError("KUMA-TP-203", `${tools.save} failed: ${failureText(result)}`);
  };
  try {
    return parseSave(await list());
  } catch (error) {
    const ours = tablesOfOurs(tools, known);
    if (!isTooLong(error) || ours === undefined) throw error;
    // Most of it is others' rules in tables that we never touch, such as a blocklist in filter.
    const texts: string[] = [];
    for (const table of ours) texts.push(await list("-t", table));
    return parseSave(texts.join(""));
  }
}

/**
 * Those of our tables that exist. Where it is not known, iptables-nft may be asked for any, which changes nothing; asked
 * for a table, iptables-legacy makes it.
 */
function tablesOfOurs(
  { flavour }: Tools,
  known: NftObjects | readonly string[] | undefined,
): readonly string[] | undefined {
  if (known === undefined) return flavour === "nft" ? TABLES : undefined;
  const names: readonly string[] = Array.isArray(known) ? known : Object.keys(known);
  return TABLES.filter((name) => names.includes(name));
}

function isTooLong(error: unknown): boolean {
  return error instanceof KumaError && error.code === "KUMA-HOST-104";
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

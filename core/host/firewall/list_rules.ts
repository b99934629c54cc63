/**
 * Having an iptables program list its rules. Apart from what reads the listing, so that the program runs while that is
 * loaded.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { TABLES } from "core/rules/model.ts";
import { type Children, failureText } from "./children.ts";
import type { NftObjects } from "./nft_objects.ts";
import type { Tools } from "./tools.ts";

/**
 * The listing of all tables, or of ours alone where all are too long.
 *
 * @param known the flavour's tables: undefined where they are not known
 * @param counters whether rules come with what they have counted
 * @throws {KumaError} `KUMA-TP-203` the program failed, and as {@linkcode Children.run} does.
 */
export async function listRules(
  children: Children,
  tools: Tools,
  known: NftObjects | readonly string[] | undefined,
  counters: boolean,
): Promise<string> {
  const list = async (...more: string[]) => {
    const result = await children.run([tools.save, ...(counters ? ["-c"] : []), ...more]);
    if (result.code === 0) return result.stdout;
    throw new KumaError("KUMA-TP-203", `${tools.save} failed: ${failureText(result)}`);
  };
  try {
    return await list();
  } catch (error) {
    const ours = tablesOfOurs(tools, known);
    if (!isTooLong(error) || ours === undefined) throw error;
    // Most of it is others' rules in tables that we never touch, such as a blocklist in filter.
    const texts: string[] = [];
    for (const table of ours) texts.push(await list("-t", table));
    return texts.join("");
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

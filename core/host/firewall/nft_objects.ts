/**
 * Which tables and base chains of iptables-nft exist. `iptables-save` cannot tell: it shows all built-in
 * chains of a table that exists, and iptables has no command that removes a table. Knowing it before an
 * install lets an uninstall leave nothing behind, and saves a child process where there is nothing at all.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import { type TableName, TABLES } from "core/rules/model.ts";
import { CHAIN, NFT_MSG, TABLE } from "core/rules/nft/attributes.ts";
import { type Change, type Named, NFTABLES } from "core/rules/nft/batch.ts";
import { NFPROTO } from "core/rules/nft/expressions.ts";
import { attributesOf, type Bytes, numberOf, textOf } from "core/rules/nft/wire.ts";
import type { NftSocket } from "../nftables/socket.ts";

/** The tables among {@linkcode TABLES} that exist for one family, each with its base chains. */
export type NftObjects = Partial<Record<TableName, readonly string[]>>;

const NF_ACCEPT = 1;
/** On a deletion: refuse while the object holds others, whoever else is writing. */
const NLM_F_NONREC = 0x100;

/** What exists for one family in the netns of the main thread. Throws `KUMA-TP-210`. */
export function nftObjects(netlink: NftSocket, family: Family): NftObjects {
  const found: { [name in TableName]?: string[] } = {};
  for (const table of netlink.dump(NFT_MSG.GETTABLE, NFPROTO[family]).map(attributesOf)) {
    const name = tableName(table.get(TABLE.NAME));
    if (name !== undefined) found[name] = [];
  }
  // No table, no chains: a new pod has neither.
  if (Object.keys(found).length === 0) return found;
  for (const chain of netlink.dump(NFT_MSG.GETCHAIN, NFPROTO[family]).map(attributesOf)) {
    const name = chain.get(CHAIN.NAME);
    const table = tableName(chain.get(CHAIN.TABLE));
    if (table === undefined || name === undefined || !chain.has(CHAIN.HOOK)) continue;
    found[table]?.push(textOf(name));
  }
  return found;
}

/** What `after` has that `before` had not: the tables, and the base chains of tables that were there. */
export function newObjects(before: NftObjects, after: NftObjects): {
  tables: TableName[];
  chains: { table: TableName; chain: string }[];
} {
  const tables = TABLES.filter((table) =>
    after[table] !== undefined && before[table] === undefined
  );
  const chains = TABLES.flatMap((table) =>
    (after[table] ?? [])
      .filter((chain) => !(before[table] ?? []).includes(chain))
      .map((chain) => ({ table, chain }))
  );
  return { tables, chains };
}

/** What {@linkcode deleteEmpty} is asked to delete. */
export type NewObjects = ReturnType<typeof newObjects>;

/**
 * Deletes base chains and tables that were created on our behalf, as far as they are empty and keep
 * their policy ACCEPT; the kernel refuses the others, which is what we want. Returns what it deleted.
 */
export function deleteEmpty(netlink: NftSocket, family: Family, objects: NewObjects): string[] {
  const closed = chainsWithPolicy(netlink, family);
  const deletions = [
    ...objects.chains.filter(({ table, chain }) => !closed.has(`${table} ${chain}`))
      .map(({ table, chain }) => ({
        name: `${table} ${chain}`,
        change: deletion(family, NFT_MSG.DELCHAIN, [
          [CHAIN.TABLE, table],
          [CHAIN.NAME, chain],
        ]),
      })),
    ...objects.tables.map((table) => ({
      name: table,
      change: deletion(family, NFT_MSG.DELTABLE, [[TABLE.NAME, table]]),
    })),
  ];
  if (deletions.length === 0) return [];
  // All at once is the usual case, and each transaction costs the kernel a wait for its readers.
  const done = netlink.commit((to) => deletions.forEach(({ change }) => change(to))).kind === "done"
    ? deletions
    : deletions.filter(({ change }) => netlink.commit(change).kind === "done");
  return done.map(({ name }) => name);
}

function deletion(family: Family, type: number, names: readonly Named[]): Change {
  return (to) => {
    to.message(NFTABLES << 8 | type, NLM_F_NONREC, NFPROTO[family]);
    for (const [attribute, name] of names) to.text(attribute, name);
  };
}

/** Base chains whose policy is not ACCEPT: deleting such a chain would open what someone closed. */
function chainsWithPolicy(netlink: NftSocket, family: Family): Set<string> {
  const closed = new Set<string>();
  for (const chain of netlink.dump(NFT_MSG.GETCHAIN, NFPROTO[family]).map(attributesOf)) {
    const table = chain.get(CHAIN.TABLE), name = chain.get(CHAIN.NAME);
    const policy = chain.get(CHAIN.POLICY);
    if (table === undefined || name === undefined || policy === undefined) continue;
    if (numberOf(policy) !== NF_ACCEPT) closed.add(`${textOf(table)} ${textOf(name)}`);
  }
  return closed;
}

function tableName(value: Bytes | undefined): TableName | undefined {
  if (value === undefined) return undefined;
  const name = textOf(value);
  return TABLES.find((table) => table === name);
}

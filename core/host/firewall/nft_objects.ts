/**
 * Which tables and base chains of iptables-nft exist. `iptables-save` cannot tell: it shows all built-in
 * chains of a table that exists, and iptables has no command that removes a table. Knowing it before an
 * install lets an uninstall leave nothing behind, and saves a child process where there is nothing at all.
 *
 * @module
 */
import type { Family } from "core/proxy/resolved.ts";
import { type TableName, TABLES } from "core/rules/model.ts";
import { attributeText, type Nfnetlink, NFT_MSG, NLM_F_NONREC } from "./nfnetlink.ts";
import { type Attribute, type ObjectChange, textAttribute } from "./nfnetlink.ts";

/** The tables among {@linkcode TABLES} that exist for one family, each with its base chains. */
export type NftObjects = Partial<Record<TableName, readonly string[]>>;

/** `enum nfproto`. */
const NFPROTO: Record<Family, number> = { ipv4: 2, ipv6: 10 };
/** `enum nft_chain_attributes`, of which a few. */
const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5 } as const;
const TABLE_NAME = 1;
const NF_ACCEPT = 1;

/** What exists for one family in the netns of the main thread. Throws `KUMA-TP-210`. */
export function nftObjects(netlink: Nfnetlink, family: Family): NftObjects {
  const found: { [name in TableName]?: string[] } = {};
  for (const table of netlink.dump(NFT_MSG.GETTABLE, NFPROTO[family])) {
    const name = tableName(table.get(TABLE_NAME));
    if (name !== undefined) found[name] = [];
  }
  // No table, no chains: a new pod has neither.
  if (Object.keys(found).length === 0) return found;
  for (const chain of netlink.dump(NFT_MSG.GETCHAIN, NFPROTO[family])) {
    const name = chain.get(CHAIN.NAME);
    const table = tableName(chain.get(CHAIN.TABLE));
    if (table === undefined || name === undefined || !chain.has(CHAIN.HOOK)) continue;
    found[table]?.push(attributeText(name));
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
export function deleteEmpty(netlink: Nfnetlink, family: Family, objects: NewObjects): string[] {
  const closed = chainsWithPolicy(netlink, family);
  const deletions = [
    ...objects.chains.filter(({ table, chain }) => !closed.has(`${table} ${chain}`))
      .map(({ table, chain }) => ({
        name: `${table} ${chain}`,
        change: deletion(family, NFT_MSG.DELCHAIN, [
          textAttribute(CHAIN.TABLE, table),
          textAttribute(CHAIN.NAME, chain),
        ]),
      })),
    ...objects.tables.map((table) => ({
      name: table,
      change: deletion(family, NFT_MSG.DELTABLE, [textAttribute(TABLE_NAME, table)]),
    })),
  ];
  if (deletions.length === 0) return [];
  // All at once is the usual case, and each transaction costs the kernel a wait for its readers.
  const done = netlink.change(deletions.map(({ change }) => change)) === 0
    ? deletions
    : deletions.filter(({ change }) => netlink.change([change]) === 0);
  return done.map(({ name }) => name);
}

function deletion(family: Family, message: number, attributes: Attribute[]): ObjectChange {
  return { message, flags: NLM_F_NONREC, family: NFPROTO[family], attributes };
}

/** Base chains whose policy is not ACCEPT: deleting such a chain would open what someone closed. */
function chainsWithPolicy(netlink: Nfnetlink, family: Family): Set<string> {
  const closed = new Set<string>();
  for (const chain of netlink.dump(NFT_MSG.GETCHAIN, NFPROTO[family])) {
    const table = chain.get(CHAIN.TABLE), name = chain.get(CHAIN.NAME);
    const policy = chain.get(CHAIN.POLICY);
    if (table === undefined || name === undefined || policy === undefined) continue;
    const value = new DataView(policy.buffer, policy.byteOffset).getUint32(0, false);
    if (value !== NF_ACCEPT) closed.add(`${attributeText(table)} ${attributeText(name)}`);
  }
  return closed;
}

function tableName(value: Uint8Array<ArrayBuffer> | undefined): TableName | undefined {
  if (value === undefined) return undefined;
  const name = attributeText(value);
  return TABLES.find((table) => table === name);
}

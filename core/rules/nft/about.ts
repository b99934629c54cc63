/**
 * What a message of a transaction is about, for whoever reads why it was refused. Told from its bytes: while all
 * goes well nobody asks.
 *
 * @module
 */
import { CHAIN, ELEMENTS, NFT_MSG, RULE, SET, TABLE } from "./attributes.ts";
import { FULL_HEAD, HEAD, messagesOf, NFTABLES } from "./batch.ts";
import { attributesOf, type Bytes, textOf } from "./wire.ts";

/** Which kind of object a message is about, and the attribute with its name. */
const OBJECTS: Readonly<Record<number, readonly [kind: string, name: number]>> = {
  [NFT_MSG.NEWTABLE]: ["table", TABLE.NAME],
  [NFT_MSG.DELTABLE]: ["table", TABLE.NAME],
  [NFT_MSG.NEWCHAIN]: ["chain", CHAIN.NAME],
  [NFT_MSG.DELCHAIN]: ["chain", CHAIN.NAME],
  [NFT_MSG.NEWSET]: ["set", SET.NAME],
  [NFT_MSG.NEWSETELEM]: ["set", ELEMENTS.SET],
  [NFT_MSG.NEWRULE]: ["chain", RULE.CHAIN],
};

/** Such as `rule 3 of chain x`, counted as the transaction writes them; "the transaction" for what is no object's. */
export function messageAbout(transaction: Bytes, sequence: number): string {
  const rules = new Map<string, number>();
  for (const message of messagesOf(transaction) ?? []) {
    const type = message.type ^ NFTABLES << 8;
    const object = OBJECTS[type];
    if (object === undefined) continue;
    const [kind, attribute] = object;
    const name = attributesOf(message.body.subarray(FULL_HEAD - HEAD)).get(attribute);
    const about = `${kind} ${name === undefined ? "" : textOf(name)}`;
    const position = (rules.get(about) ?? 0) + 1;
    if (type === NFT_MSG.NEWRULE) rules.set(about, position);
    if (message.sequence !== sequence) continue;
    return type === NFT_MSG.NEWRULE ? `rule ${position} of ${about}` : about;
  }
  return "the transaction";
}

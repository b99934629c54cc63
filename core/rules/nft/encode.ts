/**
 * The table as the messages of one transaction.
 *
 * @module
 */
import {
  CHAIN,
  DATA,
  ELEMENT,
  ELEMENTS,
  EXPRESSION,
  FLAG,
  HOOK,
  HOOK_NUMBER,
  LIST_ELEMENT,
  NFPROTO_INET,
  NFT_MSG,
  RULE,
  SET,
  TABLE,
  USERDATA,
} from "./attributes.ts";
import { after, KEY_LENGTH } from "./elements.ts";
import { type Change, NFTABLES } from "./batch.ts";
import type { Expression } from "./expressions.ts";
import type { ImageChain, ImageRule, NftImage } from "./image.ts";
import { NFT_TABLE, type NftSet, type NftSetType } from "./model.ts";
import type { NetlinkWriter } from "./writer.ts";

/** What `nft list table` shows with the table. */
const TABLE_COMMENT = "transparent proxy of Kuma";
const NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400, NLM_F_APPEND = 0x800;
/** Elements of one message: an attribute holds 64 KiB, an IPv6 range takes 72 bytes. */
const ELEMENTS_A_MESSAGE = 500;
/** What nft(8) calls the types of keys (`enum datatypes` of its datatype.h); the kernel only keeps them. */
const KEY_TYPE: Readonly<Record<NftSetType, number>> = { port: 13, ipv4: 7, ipv6: 8, uid: 24 };

/** All of our expressions work on the first register (`NFT_REG_1`); 0 is the verdict. */
const REGISTER = 1;

/** Messages that put the table in, in place of the one that may be there: at no moment is there none. */
export function replacement(image: NftImage): Change {
  return (to) => {
    // To delete what may not be there, it is made first; within one transaction both cost next to nothing.
    tableMessage(to, NFT_MSG.NEWTABLE, NLM_F_CREATE);
    tableMessage(to, NFT_MSG.DELTABLE, 0);
    tableMessage(to, NFT_MSG.NEWTABLE, NLM_F_CREATE, image.fingerprint);
    contents(to, image);
  };
}

/** Messages that put the table in where there is none; refused with EEXIST where there is one. */
export function installation(image: NftImage): Change {
  return (to) => {
    tableMessage(to, NFT_MSG.NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, image.fingerprint);
    contents(to, image);
  };
}

/** The message that takes the table away, with all that is in it. */
export function removal(): Change {
  return (to) => tableMessage(to, NFT_MSG.DELTABLE, 0);
}

function contents(to: NetlinkWriter, { sets, chains }: NftImage): void {
  let id = 0;
  for (const set of sets) setMessages(to, set, ++id);
  // All chains before the first rule: rules jump to chains that stand further down.
  for (const chain of chains) chainMessage(to, chain);
  for (const { name, rules } of chains) {
    for (const rule of rules) ruleMessage(to, name, rule);
  }
}

function begin(to: NetlinkWriter, type: number, flags: number): void {
  to.message(NFTABLES << 8 | type, flags, NFPROTO_INET);
}

function tableMessage(to: NetlinkWriter, type: number, flags: number, fingerprint?: string): void {
  begin(to, type, flags);
  to.text(TABLE.NAME, NFT_TABLE);
  if (fingerprint === undefined) return;
  const note = to.beginBytes(TABLE.USERDATA);
  to.userdata(USERDATA.COMMENT, TABLE_COMMENT);
  to.userdata(USERDATA.FINGERPRINT, fingerprint);
  to.end(note);
}

function chainMessage(to: NetlinkWriter, { name, base }: ImageChain): void {
  begin(to, NFT_MSG.NEWCHAIN, NLM_F_CREATE);
  to.text(CHAIN.TABLE, NFT_TABLE);
  to.text(CHAIN.NAME, name);
  if (base === undefined) return;
  const hook = to.begin(CHAIN.HOOK);
  to.number(HOOK.NUMBER, HOOK_NUMBER[base.hook]);
  to.number(HOOK.PRIORITY, base.priority);
  to.end(hook);
  to.text(CHAIN.TYPE, base.type);
}

function setMessages(
  to: NetlinkWriter,
  { name, type, interval, elements }: NftSet,
  id: number,
): void {
  begin(to, NFT_MSG.NEWSET, NLM_F_CREATE);
  to.text(SET.TABLE, NFT_TABLE);
  to.text(SET.NAME, name);
  to.number(SET.FLAGS, interval ? FLAG.INTERVAL : 0);
  to.number(SET.KEY_TYPE, KEY_TYPE[type]);
  to.number(SET.KEY_LENGTH, KEY_LENGTH[type]);
  to.number(SET.ID, id);
  const keys: { readonly key: string; readonly flags: number }[] = [];
  for (const { from, to: last } of elements) {
    keys.push({ key: from, flags: 0 });
    const end = interval ? after(last) : undefined;
    if (end !== undefined) keys.push({ key: end, flags: FLAG.INTERVAL_END });
  }
  for (let at = 0; at < keys.length; at += ELEMENTS_A_MESSAGE) {
    begin(to, NFT_MSG.NEWSETELEM, NLM_F_CREATE);
    to.text(ELEMENTS.TABLE, NFT_TABLE);
    to.text(ELEMENTS.SET, name);
    to.number(ELEMENTS.SET_ID, id);
    const list = to.begin(ELEMENTS.LIST);
    for (const { key, flags } of keys.slice(at, at + ELEMENTS_A_MESSAGE)) {
      const element = to.begin(LIST_ELEMENT);
      if (flags !== 0) to.number(ELEMENT.FLAGS, flags);
      value(to, ELEMENT.KEY, key);
      to.end(element);
    }
    to.end(list);
  }
}

function ruleMessage(to: NetlinkWriter, chain: string, { comment, expressions }: ImageRule): void {
  begin(to, NFT_MSG.NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
  to.text(RULE.TABLE, NFT_TABLE);
  to.text(RULE.CHAIN, chain);
  const list = to.begin(RULE.EXPRESSIONS);
  for (const expression of expressions) {
    // The same few come in every rule.
    if (!to.again(JSON.stringify(expression))) expressionElement(to, expression);
  }
  to.end(list);
  if (comment === undefined) return;
  const note = to.beginBytes(RULE.USERDATA);
  to.userdata(USERDATA.COMMENT, comment);
  to.end(note);
}

function value(to: NetlinkWriter, type: number, bytes: string): void {
  const start = to.begin(type);
  to.data(DATA.VALUE, bytes);
  to.end(start);
}

function expressionElement(to: NetlinkWriter, expression: Expression): void {
  const element = to.begin(LIST_ELEMENT);
  // A verdict is loaded as data is.
  const name = expression.name === "verdict" ? "immediate" : expression.name;
  to.text(EXPRESSION.NAME, name);
  const data = to.begin(EXPRESSION.DATA);
  writeExpression(to, expression);
  to.end(data);
  to.end(element);
}

/** What stands in `NFTA_EXPR_DATA`; the numbers are the attributes of each kind of expression. */
function writeExpression(to: NetlinkWriter, expression: Expression): void {
  switch (expression.name) {
    case "meta":
      to.number(2, expression.key);
      return to.number(1, REGISTER);
    case "ct":
      to.number(2, expression.key);
      return to.number(expression.set === true ? 4 : 1, REGISTER);
    case "payload":
      to.number(1, REGISTER);
      to.number(2, expression.base);
      to.number(3, expression.offset);
      return to.number(4, expression.length);
    case "cmp":
      to.number(1, REGISTER);
      to.number(2, expression.op);
      return value(to, 3, expression.data);
    case "bitwise": {
      const { mask } = expression;
      to.number(1, REGISTER);
      to.number(2, REGISTER);
      to.number(3, mask.length / 2);
      value(to, 4, mask);
      return value(to, 5, "0".repeat(mask.length));
    }
    case "byteorder":
      to.number(1, REGISTER);
      to.number(2, REGISTER);
      to.number(3, 1);
      to.number(4, 4);
      return to.number(5, 4);
    case "lookup":
      to.text(1, expression.set);
      return to.number(2, REGISTER);
    case "immediate":
      to.number(1, REGISTER);
      return value(to, 2, expression.data);
    case "verdict":
      return verdict(to, expression.code, expression.chain);
    case "redir":
      return to.number(1, REGISTER);
    case "counter":
      return;
    case "log":
      to.text(2, expression.prefix);
      return to.number(5, expression.level);
    case "unknown":
      throw new TypeError(`an expression that was only read cannot be written: ${expression.text}`);
  }
}

function verdict(to: NetlinkWriter, code: number, chain: string | undefined): void {
  to.number(1, 0);
  const data = to.begin(2), verdict = to.begin(DATA.VERDICT);
  to.number(1, code);
  if (chain !== undefined) to.text(2, chain);
  to.end(verdict);
  to.end(data);
}

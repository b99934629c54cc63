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
import type { Expression } from "./expressions.ts";
import type { ImageRule, NftImage } from "./image.ts";
import { NFT_TABLE, type NftSet, type NftSetType } from "./model.ts";
import { type Attribute, data, number, text } from "./wire.ts";

/** One message of a transaction. */
export interface NftMessage {
  /** One of {@linkcode NFT_MSG}. */
  readonly type: number;
  /** Netlink flags beside those that every request has. */
  readonly flags: number;
  readonly family: number;
  readonly attributes: readonly Attribute[];
  /** What it is about, for whoever reads why it was refused. */
  readonly about: string;
}

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
export function replacement(image: NftImage): NftMessage[] {
  const create = tableMessage(NFT_MSG.NEWTABLE, image.fingerprint);
  return [
    // To delete what may not be there, it is made first; within one transaction both cost next to nothing.
    tableMessage(NFT_MSG.NEWTABLE),
    tableMessage(NFT_MSG.DELTABLE),
    ...installation(image, create),
  ];
}

/** Messages that put the table in where there is none; refused with EEXIST where there is one. */
export function installation(
  image: NftImage,
  create: NftMessage = exclusive(tableMessage(NFT_MSG.NEWTABLE, image.fingerprint)),
): NftMessage[] {
  return [
    create,
    ...image.sets.flatMap((set, index) => setMessages(set, index + 1)),
    // All chains before the first rule: rules jump to chains that stand further down.
    ...image.chains.map(({ name, base }) => {
      const hook: Attribute[] = base === undefined ? [] : [
        [CHAIN.HOOK, [
          number(HOOK.NUMBER, HOOK_NUMBER[base.hook]),
          number(HOOK.PRIORITY, base.priority),
        ]],
        text(CHAIN.TYPE, base.type),
      ];
      return message(NFT_MSG.NEWCHAIN, `chain ${name}`, [
        text(CHAIN.TABLE, NFT_TABLE),
        text(CHAIN.NAME, name),
        ...hook,
      ]);
    }),
    ...image.chains.flatMap(({ name, rules }) =>
      rules.map((rule, i) => ruleMessage(name, rule, i + 1))
    ),
  ];
}

/** The message that takes the table away, with all that is in it. */
export function removal(): NftMessage[] {
  return [tableMessage(NFT_MSG.DELTABLE)];
}

function exclusive(message: NftMessage): NftMessage {
  return { ...message, flags: message.flags | NLM_F_EXCL };
}

function message(type: number, about: string, attributes: readonly Attribute[]): NftMessage {
  const create = type === NFT_MSG.DELTABLE ? 0 : NLM_F_CREATE;
  const flags = type === NFT_MSG.NEWRULE ? create | NLM_F_APPEND : create;
  return { type, flags, family: NFPROTO_INET, attributes, about };
}

function tableMessage(type: number, fingerprint?: string): NftMessage {
  const note: Attribute[] = fingerprint === undefined ? [] : [[
    TABLE.USERDATA,
    userdata([[USERDATA.COMMENT, TABLE_COMMENT], [USERDATA.FINGERPRINT, fingerprint]]),
  ]];
  return message(type, `table ${NFT_TABLE}`, [text(TABLE.NAME, NFT_TABLE), ...note]);
}

/** Userdata as libnftnl has it: type, length and value, each text with its NUL. */
function userdata(entries: readonly (readonly [number, string])[]): Uint8Array<ArrayBuffer> {
  const parts = entries.map(([type, value]) => {
    const [, bytes] = text(type, value);
    return { type, bytes: bytes as Uint8Array<ArrayBuffer> };
  });
  const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + 2 + bytes.length, 0));
  let at = 0;
  for (const { type, bytes } of parts) {
    all.set([type, bytes.length], at);
    all.set(bytes, at + 2);
    at += 2 + bytes.length;
  }
  return all;
}

function setMessages({ name, type, interval, elements }: NftSet, id: number): NftMessage[] {
  const about = `set ${name}`;
  const length = KEY_LENGTH[type];
  const create = message(NFT_MSG.NEWSET, about, [
    text(SET.TABLE, NFT_TABLE),
    text(SET.NAME, name),
    number(SET.FLAGS, interval ? FLAG.INTERVAL : 0),
    number(SET.KEY_TYPE, KEY_TYPE[type]),
    number(SET.KEY_LENGTH, length),
    number(SET.ID, id),
  ]);
  const keys = elements.flatMap(({ from, to }): Attribute[] => {
    const end = interval ? after(to) : undefined;
    return [
      elementAttribute(from),
      ...(end === undefined ? [] : [elementAttribute(end, FLAG.INTERVAL_END)]),
    ];
  });
  const parts: NftMessage[] = [];
  for (let at = 0; at < keys.length; at += ELEMENTS_A_MESSAGE) {
    parts.push(message(NFT_MSG.NEWSETELEM, about, [
      text(ELEMENTS.TABLE, NFT_TABLE),
      text(ELEMENTS.SET, name),
      number(ELEMENTS.SET_ID, id),
      [ELEMENTS.LIST, keys.slice(at, at + ELEMENTS_A_MESSAGE)],
    ]));
  }
  return [create, ...parts];
}

function elementAttribute(key: string, flags = 0): Attribute {
  const flag = flags === 0 ? [] : [number(ELEMENT.FLAGS, flags)];
  return [LIST_ELEMENT, [...flag, [ELEMENT.KEY, [data(DATA.VALUE, key)]]]];
}

function ruleMessage(chain: string, rule: ImageRule, position: number): NftMessage {
  const note: Attribute[] = rule.comment === undefined
    ? []
    : [[RULE.USERDATA, userdata([[USERDATA.COMMENT, rule.comment]])]];
  return message(NFT_MSG.NEWRULE, `rule ${position} of chain ${chain}`, [
    text(RULE.TABLE, NFT_TABLE),
    text(RULE.CHAIN, chain),
    [
      RULE.EXPRESSIONS,
      rule.expressions.map((one): Attribute => [LIST_ELEMENT, expressionAttributes(one)]),
    ],
    ...note,
  ]);
}

/** One expression as `NFTA_EXPR_NAME` and `NFTA_EXPR_DATA`. */
function expressionAttributes(expression: Expression): Attribute[] {
  const of = (name: string, attributes: Attribute[]): Attribute[] => [
    text(EXPRESSION.NAME, name),
    [EXPRESSION.DATA, attributes],
  ];
  const value = (type: number, bytes: string): Attribute => [type, [data(DATA.VALUE, bytes)]];
  switch (expression.name) {
    case "meta":
      return of("meta", [number(2, expression.key), number(1, REGISTER)]);
    case "ct":
      return of("ct", [
        number(2, expression.key),
        number(expression.set === true ? 4 : 1, REGISTER),
      ]);
    case "payload": {
      const { base, offset, length } = expression;
      return of("payload", [
        number(1, REGISTER),
        number(2, base),
        number(3, offset),
        number(4, length),
      ]);
    }
    case "cmp":
      return of("cmp", [number(1, REGISTER), number(2, expression.op), value(3, expression.data)]);
    case "bitwise": {
      const { mask } = expression;
      return of("bitwise", [
        number(1, REGISTER),
        number(2, REGISTER),
        number(3, mask.length / 2),
        value(4, mask),
        value(5, "0".repeat(mask.length)),
      ]);
    }
    case "byteorder":
      return of("byteorder", [
        number(1, REGISTER),
        number(2, REGISTER),
        number(3, 1),
        number(4, 4),
        number(5, 4),
      ]);
    case "lookup":
      return of("lookup", [text(1, expression.set), number(2, REGISTER)]);
    case "immediate":
      return of("immediate", [number(1, REGISTER), value(2, expression.data)]);
    case "verdict": {
      const chain = expression.chain === undefined ? [] : [text(2, expression.chain)];
      const verdict: Attribute = [DATA.VERDICT, [number(1, expression.code), ...chain]];
      return of("immediate", [number(1, 0), [2, [verdict]]]);
    }
    case "redir":
      return of("redir", [number(1, REGISTER)]);
    case "counter":
      return of("counter", []);
    case "log":
      return of("log", [text(2, expression.prefix), number(5, expression.level)]);
    case "unknown":
      throw new TypeError(`an expression that was only read cannot be written: ${expression.text}`);
  }
}

/**
 * Numbers of nf_tables' messages and attributes, as linux/netfilter/nf_tables.h has them.
 *
 * @module
 */

/** `enum nf_tables_msg_types`. */
export const NFT_MSG = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  NEWSET: 9,
  GETSET: 10,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  GETGEN: 16,
} as const;

/** `NFTA_TABLE_…`. */
export const TABLE = { NAME: 1, USERDATA: 6 } as const;
/** `NFTA_CHAIN_…`. */
export const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, TYPE: 7 } as const;
/** `NFTA_HOOK_…`. */
export const HOOK = { NUMBER: 1, PRIORITY: 2 } as const;
/** `NFTA_RULE_…`. */
export const RULE = { TABLE: 1, CHAIN: 2, HANDLE: 3, EXPRESSIONS: 4, USERDATA: 7 } as const;
/** `NFTA_SET_…`. */
export const SET = {
  TABLE: 1,
  NAME: 2,
  FLAGS: 3,
  KEY_TYPE: 4,
  KEY_LENGTH: 5,
  ID: 10,
  USERDATA: 13,
} as const;
/** `NFTA_SET_ELEM_LIST_…`. */
export const ELEMENTS = { TABLE: 1, SET: 2, LIST: 3, SET_ID: 4 } as const;
/** `NFTA_SET_ELEM_…`. */
export const ELEMENT = { KEY: 1, FLAGS: 3 } as const;
/** `NFT_SET_INTERVAL` of a set's flags, `NFT_SET_ELEM_INTERVAL_END` of an element's. */
export const FLAG = { INTERVAL: 4, INTERVAL_END: 1 } as const;
/** `NFTA_LIST_ELEM`, `NFTA_EXPR_…`, `NFTA_DATA_…`. */
export const LIST_ELEMENT = 1;
/** `NFTA_EXPR_…`. */
export const EXPRESSION = { NAME: 1, DATA: 2 } as const;
/** `NFTA_COUNTER_…`, 64 bits each. */
export const COUNTER = { BYTES: 1, PACKETS: 2 } as const;
/** `NFTA_DATA_…`. */
export const DATA = { VALUE: 1, VERDICT: 2 } as const;
/** `NFTA_GEN_ID`. */
export const GENERATION_ID = 1;
/** `enum nf_inet_hooks`. */
export const HOOK_NUMBER = { prerouting: 0, output: 3 } as const;
/** `NFPROTO_INET`. */
export const NFPROTO_INET = 1;
/** Types of userdata: 0 is the comment of a table or rule; the other is ours, which nft(8) passes over. */
export const USERDATA = { COMMENT: 0, FINGERPRINT: 0x6b } as const;

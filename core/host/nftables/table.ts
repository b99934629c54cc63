/**
 * The one table of ours in the kernel: read, replaced and taken away, each in one transaction.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import {
  CHAIN,
  ELEMENTS,
  NFPROTO_INET,
  NFT_MSG,
  RULE,
  SET,
  TABLE,
} from "core/rules/nft/attributes.ts";
import { compareNft } from "core/rules/nft/compare.ts";
import { decodeDump } from "core/rules/nft/decode.ts";
import { installation, removal, replacement } from "core/rules/nft/encode.ts";
import { imageOf, type NftImage } from "core/rules/nft/image.ts";
import { NFT_TABLE, type NftTable } from "core/rules/nft/model.ts";
import { attributesOf, type Bytes, textOf } from "core/rules/nft/wire.ts";
import { NftError, saysNoNfTables } from "./nft_error.ts";
import { type Committed, NftSocket } from "./socket.ts";

const ENOENT = 2, EEXIST = 17;
/** How often the table is read while others keep changing theirs. */
const READS = 50;

/**
 * The table as the kernel holds it; undefined where there is none.
 *
 * Its parts are read one after the other, so a change in between is looked for: the generation is the same
 * before and after, or two readings are the same.
 *
 * @throws {KumaError} `KUMA-TP-210` the kernel does not tell.
 */
export function readTable(socket: NftSocket): NftImage | undefined {
  let last: string | undefined;
  for (let read = 0; read < READS; read++) {
    const before = socket.generation();
    const image = readOnce(socket);
    if (image === "changing") continue;
    if (socket.generation() === before) return image;
    // Counters go on counting.
    const now = JSON.stringify(image ?? null, (key, value) => key === "count" ? undefined : value);
    if (now === last) return image;
    last = now;
  }
  throw new KumaError("KUMA-TP-210", `Cannot read the table inet ${NFT_TABLE}: it keeps changing`);
}

function readOnce(socket: NftSocket): NftImage | undefined | "changing" {
  const table = socket.get(NFT_MSG.GETTABLE, NFPROTO_INET, [[TABLE.NAME, NFT_TABLE]]);
  if (table === undefined) return undefined;
  const ours = (type: number, attribute: number): Bytes[] =>
    socket.dump(type, NFPROTO_INET, [[attribute, NFT_TABLE]]).filter((object) => {
      const name = attributesOf(object).get(attribute);
      return name !== undefined && textOf(name) === NFT_TABLE;
    });
  try {
    const sets = ours(NFT_MSG.GETSET, SET.TABLE);
    const elements = sets.flatMap((set) => {
      const name = attributesOf(set).get(SET.NAME) ?? new Uint8Array(0);
      return socket.dump(NFT_MSG.GETSETELEM, NFPROTO_INET, [
        [ELEMENTS.TABLE, NFT_TABLE],
        [ELEMENTS.SET, textOf(name)],
      ]);
    });
    const chains = ours(NFT_MSG.GETCHAIN, CHAIN.TABLE);
    return decodeDump({ table, sets, elements, chains, rules: ours(NFT_MSG.GETRULE, RULE.TABLE) });
  } catch (error) {
    // Gone since its name was read.
    if (error instanceof NftError && error.errno === ENOENT) return "changing";
    throw error;
  }
}

/**
 * Puts `table` in, in place of the one that may be there; there is no moment without either.
 *
 * @param present whether there was one when it was looked for
 * @returns why the kernel refuses it, or undefined; nothing was changed where it does
 * @throws {KumaError} `KUMA-TP-232` it is not known what came of it, `KUMA-TP-101`.
 */
export function writeTable(
  socket: NftSocket,
  table: NftTable,
  present: boolean,
): string | undefined {
  const image = imageOf(table);
  let outcome: Committed = present
    ? socket.commit(replacement(image))
    // A table that nobody uses yet costs no wait for readers of an old one.
    : socket.commit(installation(image));
  if (!present && outcome.kind === "refused" && outcome.errno === EEXIST) {
    outcome = socket.commit(replacement(image));
  }
  if (outcome.kind === "refused") return outcome.reason;
  if (outcome.kind === "unanswered") settle(compareNft(table, readTable(socket))[0]);
  return undefined;
}

/**
 * Lets the kernel check what {@linkcode writeTable} would send, and forget it again.
 *
 * @returns why it refuses, or undefined
 * @throws {KumaError} `KUMA-TP-210` it does not answer, `KUMA-TP-101`.
 */
export function checkTable(
  socket: NftSocket,
  table: NftTable,
  present: boolean,
): string | undefined {
  const image = imageOf(table);
  const outcome = socket.check(present ? replacement(image) : installation(image));
  if (outcome.kind === "refused") return outcome.reason;
  if (outcome.kind === "done") return undefined;
  throw new KumaError("KUMA-TP-210", `the kernel does not say whether it takes the rules`);
}

/**
 * Takes the table away; false where there was none.
 *
 * @throws {KumaError} `KUMA-TP-230` the kernel refuses, `KUMA-TP-232` it is not known what came of it.
 */
export function deleteTable(socket: NftSocket): boolean {
  const outcome = socket.commit(removal());
  if (outcome.kind === "done") return true;
  if (outcome.kind === "unanswered") {
    settle(readTable(socket) === undefined ? undefined : "the table is still there");
    return true;
  }
  if (outcome.errno === ENOENT) return false;
  throw new KumaError("KUMA-TP-230", `the kernel does not take the table away: ${outcome.reason}`);
}

function settle(difference: string | undefined): void {
  if (difference === undefined) return;
  throw new KumaError(
    "KUMA-TP-232",
    `the kernel's answer to a change of nftables was lost: ${difference}`,
    {
      hint: "run the command again",
    },
  );
}

/**
 * Takes the table away where there is one; whether there was. A kernel without nf_tables holds none.
 *
 * @throws {KumaError} as {@linkcode deleteTable} does; `KUMA-TP-210` the kernel does not tell.
 */
export function removeOwnTable(): boolean {
  try {
    using socket = new NftSocket();
    const table = socket.get(NFT_MSG.GETTABLE, NFPROTO_INET, [[TABLE.NAME, NFT_TABLE]]);
    return table !== undefined && deleteTable(socket);
  } catch (error) {
    if (saysNoNfTables(error)) return false;
    throw error;
  }
}

/** The table; undefined where there is none. A kernel without nf_tables holds none. Throws `KUMA-TP-210`. */
export function ownTable(): NftImage | undefined {
  try {
    using socket = new NftSocket();
    return readTable(socket);
  } catch (error) {
    if (saysNoNfTables(error)) return undefined;
    throw error;
  }
}

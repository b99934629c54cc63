/**
 * What an install noted about this netns, so that an uninstall can leave it exactly as it was: rules that
 * carry no comment, and which nftables tables and base chains existed before. It lives in /run, as the
 * rules do: both are gone after a restart.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import type { Family } from "core/proxy/resolved.ts";
import { TABLES } from "core/rules/model.ts";
import type { KnownRule } from "core/rules/ownership.ts";
import { removeIfThere, removeTemporaries, replaceFile } from "../atomic_file.ts";
import { type Incarnation, incarnation, isOfThisNetns } from "../incarnation.ts";
import { netnsInode } from "../netns.ts";
import { isRecord } from "core/patch/json.ts";
import { JOURNAL_DIRECTORY } from "./journal_directory.ts";
import type { NftObjects } from "./nft_objects.ts";
import { readTrustedText, requireTrusted } from "../trusted_file.ts";

/** The notes. */
export interface Notes {
  /** Rules of ours without a comment. */
  readonly known: Readonly<Record<Family, readonly KnownRule[]>>;
  /** What existed before the first of our rules; undefined where the kernel did not tell. */
  readonly nftBefore: Readonly<Record<Family, NftObjects | undefined>>;
}

/** Notes of a netns where nothing was ever installed. */
export const NO_NOTES: Notes = {
  known: { ipv4: [], ipv6: [] },
  nftBefore: { ipv4: undefined, ipv6: undefined },
};

/** The journal of the netns that the main thread is in. */
export class FirewallJournal {
  /** Where it is. */
  readonly path: string;
  readonly #directory: string;
  readonly #netns: number;
  readonly #logger: Logger;

  constructor(logger: Logger, directory = JOURNAL_DIRECTORY) {
    this.#netns = netnsInode();
    this.#directory = directory;
    this.path = `${directory}/${this.#netns}.json`;
    this.#logger = logger;
  }

  /**
   * The notes; undefined where there are none. Notes that cannot be read are warned of, then ignored.
   *
   * @throws {KumaError} `KUMA-HOST-131` somebody else can have written them: they may be forged.
   */
  read(): Notes | undefined {
    try {
      const text = readTrustedText(this.path);
      // Where /run is on a disk, a power loss may have left the name alone.
      if (text === undefined || /^\0*$/.test(text)) return undefined;
      const value: unknown = JSON.parse(text);
      if (!isFile(value)) throw new TypeError("it is not a journal");
      return value.netns === this.#netns && isOfThisNetns(value) ? value.notes : undefined;
    } catch (error) {
      if (error instanceof KumaError && error.code === "KUMA-HOST-131") throw error;
      this.#logger.warn(`the journal ${this.path} is ignored: ${errorText(error)}`);
      return undefined;
    }
  }

  /** Writes the notes. Throws `KUMA-TP-212` where it cannot, `KUMA-HOST-131` where others could change them. */
  write(notes: Notes): void {
    requireTrusted(this.path);
    try {
      const file: JournalFile = { version: 1, ...incarnation(), netns: this.#netns, notes };
      Deno.mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      replaceFile(this.path, `${JSON.stringify(file)}\n`, { mode: 0o600, ofThisBoot: true });
    } catch (cause) {
      throw new KumaError(
        "KUMA-TP-212",
        `the journal ${this.path} cannot be written: ${errorText(cause)}`,
        { cause },
      );
    }
  }

  /** Removes the notes, and what a run left of them that was killed. */
  remove(): void {
    removeIfThere(this.path);
    removeTemporaries(this.path);
  }
}

interface JournalFile extends Incarnation {
  readonly version: 1;
  readonly netns: number;
  readonly notes: Notes;
}

function isFile(value: unknown): value is JournalFile {
  return isRecord(value) && value.version === 1 && typeof value.boot === "string" &&
    (value.cookie === undefined || typeof value.cookie === "string") &&
    typeof value.netns === "number" && isNotes(value.notes);
}

function isNotes(value: unknown): value is Notes {
  if (!isRecord(value) || !isRecord(value.known) || !isRecord(value.nftBefore)) return false;
  const { known, nftBefore } = value;
  return (["ipv4", "ipv6"] as const).every((family) =>
    isKnown(known[family]) && (nftBefore[family] === undefined || isNft(nftBefore[family]))
  );
}

function isKnown(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((rule) => isRecord(rule) && [rule.table, rule.chain, rule.canonical].every(isText));
}

function isNft(value: unknown): boolean {
  return isRecord(value) &&
    Object.entries(value).every(([table, chains]) =>
      TABLES.some((name) => name === table) && Array.isArray(chains) && chains.every(isText)
    );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

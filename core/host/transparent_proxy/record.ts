/**
 * What was installed here, when and by which version: what `kumactl status` compares with. It lives in /run
 * beside the journal, one file a network namespace, and is believed as little as that one.
 *
 * What is about to be installed is noted ahead of the first rule, so that an installation that was killed is known
 * for what it is.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isRecord } from "core/patch/json.ts";
import { defaultConfig, type TransparentProxyConfig } from "core/proxy/config.ts";
import type { Family } from "core/proxy/resolved.ts";
import { COMMIT, VERSION } from "core/version.ts";
import { removeIfThere, removeTemporaries, replaceFile } from "../atomic_file.ts";
import { JOURNAL_DIRECTORY } from "../firewall/journal_directory.ts";
import { type Incarnation, incarnation, isOfThisNetns } from "../incarnation.ts";
import { netnsInode } from "../netns.ts";
import { type HostChange, jsonChange } from "./host_change.ts";
import { readTrustedText, requireTrusted } from "../trusted_file.ts";

/** An installation as it was done. */
export interface InstallRecord {
  /** When, ISO 8601 in UTC. */
  readonly at: string;
  /** Version and commit of the program. */
  readonly version: string;
  readonly commit: string;
  /** Absent of an installation that was not finished. */
  readonly backend?: "nftables" | "iptables" | "eBPF";
  readonly document: TransparentProxyConfig;
  /** UID of kuma-dp as it was found then. */
  readonly uid: number;
  /** Sources of the settings that are no defaults, by key. */
  readonly sources: Readonly<Record<string, string>>;
  /** Servers of resolv.conf whose traffic is redirected; absent in records of earlier versions. */
  readonly dnsServers?: Partial<Readonly<Record<Family, readonly string[]>>>;
  /** Why IPv6 was left out. */
  readonly ipv6Skipped?: string;
}

/** What is on record. */
export interface InstallRecords {
  /** The last installation that was done. */
  readonly installed?: InstallRecord;
  /** One that began after it, and did not say how it ended. */
  readonly intended?: InstallRecord;
}

/** What the caller knows before an installation. */
export type Intended = Pick<InstallRecord, "document" | "uid" | "sources">;
/** What came of it. */
export type Outcome = Required<Pick<InstallRecord, "backend" | "dnsServers">> & {
  readonly ipv6Skipped: string | undefined;
};

/** An installation that goes on. */
export interface OpenRecord {
  /** It is done. */
  settle(outcome: Outcome): void;
  /** Nothing was changed after all. */
  undo(): void;
}

/**
 * Notes what is about to be installed into the netns that the main thread is in. Where that cannot be written the
 * rules stand all the same: an init container has a read-only root, and what it did goes with the pod.
 */
export function openRecord(
  { document, uid, sources }: Intended,
  logger: Logger,
  directory = JOURNAL_DIRECTORY,
): OpenRecord {
  const slot = slotIn(directory);
  const { installed } = readLeniently(slot, logger);
  const before: InstallRecords = installed === undefined ? {} : { installed };
  const intended: InstallRecord = {
    at: isoTime(new Date()),
    version: VERSION,
    commit: COMMIT,
    document,
    uid,
    sources,
  };
  write(slot, { ...before, intended }, logger);
  return {
    settle({ backend, dnsServers, ipv6Skipped }) {
      const outcome = { backend, dnsServers, ipv6Skipped };
      const done = {
        at: isoTime(new Date()),
        ...recordOf({ document, uid, sources }, outcome),
      };
      write(slot, { installed: done }, logger);
    },
    undo() {
      if (installed === undefined) forget(slot.path);
      else write(slot, before, logger);
    },
  };
}

/** Where the record of the netns lies that the main thread is in; what one run looks at again and again is looked at once. */
interface Slot {
  readonly directory: string;
  readonly path: string;
  readonly now: () => Incarnation;
  /** A file was there that can be trusted, and so can all folders above: nobody else can change that any more. */
  proven: boolean;
}

function slotIn(directory: string): Slot {
  let now: Incarnation | undefined;
  const path = `${directory}/${netnsInode()}.installed.json`;
  return { directory, path, now: () => now ??= incarnation(), proven: false };
}

function write(slot: Slot, records: InstallRecords, logger: Logger): void {
  const { path, directory, now } = slot;
  const { installed: record, intended } = records;
  try {
    if (!slot.proven) {
      requireTrusted(path);
      Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
    const file: RecordFile = { version: 1, ...now(), ...withRecord(record, intended) };
    replaceFile(path, `${JSON.stringify(file)}\n`, { mode: 0o600, ofThisBoot: true });
    slot.proven = true;
  } catch (error) {
    // What an earlier installation noted is not true any more; on a full disk a file can still be removed.
    const gone = forget(path);
    // Said once, of what was done.
    if (intended !== undefined) return;
    const words = `'kumactl status' will not know what was installed: ${errorText(error)}`;
    if (gone) logger.info(words);
    else logger.warn(`${words}; and what it knows of an earlier installation stays`);
  }
}

/** What `toISOString` gives, which takes a program that has just started 0.1 ms. */
function isoTime(time: Date): string {
  const two = (value: number) => `${value}`.padStart(2, "0");
  const day = [time.getUTCFullYear(), two(time.getUTCMonth() + 1), two(time.getUTCDate())];
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two);
  const milliseconds = `${time.getUTCMilliseconds()}`.padStart(3, "0");
  return `${day.join("-")}T${clock.join(":")}.${milliseconds}Z`;
}

/** A record but for the time that it was made at. */
function recordOf(
  intended: Intended,
  { backend, dnsServers, ipv6Skipped }: Outcome,
): Omit<InstallRecord, "at"> {
  return {
    version: VERSION,
    commit: COMMIT,
    ...intended,
    backend,
    dnsServers,
    ...(ipv6Skipped === undefined ? {} : { ipv6Skipped }),
  };
}

/**
 * What an installation would change here, its time aside, which is always another one; what its removal would for
 * `undefined`. Throws as {@linkcode readRecords} does.
 */
export function recordChange(
  given: { readonly intended: Intended; readonly outcome: Outcome } | undefined,
  directory = JOURNAL_DIRECTORY,
): HostChange {
  const { installed, intended } = readRecords(directory);
  const without = ({ at: _, ...rest }: InstallRecord) => rest;
  const before = {
    ...(installed === undefined ? {} : { installed: without(installed) }),
    ...(intended === undefined ? {} : { intended: without(intended) }),
  };
  const found = Object.keys(before).length > 0;
  const after = given && { installed: recordOf(given.intended, given.outcome) };
  return jsonChange(
    slotIn(directory).path,
    found ? inOrder(before) : undefined,
    after && inOrder(after),
  );
}

/** Members by their names: their order in a file says nothing. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value as object).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, member]) => [name, inOrder(member)]),
  );
}

function withRecord(record: InstallRecord | undefined, intended: InstallRecord | undefined) {
  return {
    ...(record === undefined ? {} : { record }),
    ...(intended === undefined ? {} : { intended }),
  };
}

/** Whether no record is there then. */
function forget(path: string): boolean {
  try {
    removeIfThere(path);
    return true;
  } catch {
    return false;
  }
}

/** A record that makes no sense must not keep anybody from installing. */
function readLeniently(slot: Slot, logger: Logger): InstallRecords {
  try {
    return read(slot);
  } catch (error) {
    logger.debug(errorText(error));
    return {};
  }
}

/**
 * What was installed in this netns; empty where nothing was noted about it.
 *
 * @throws {KumaError} `KUMA-HOST-131` somebody else can have written it, `KUMA-TP-042` it cannot be read.
 */
export function readRecords(directory = JOURNAL_DIRECTORY): InstallRecords {
  return read(slotIn(directory));
}

function read(slot: Slot): InstallRecords {
  const { path, now } = slot;
  try {
    const text = readTrustedText(path);
    slot.proven = text !== undefined;
    // Where /run is on a disk, a power loss may have left the name alone.
    if (text === undefined || text.replaceAll("\0", "") === "") return {};
    const file: unknown = JSON.parse(text);
    if (!isFile(file)) throw new TypeError("it is no record of an installation");
    if (!isOfThisNetns(file, now())) return {};
    return {
      ...(file.record === undefined ? {} : { installed: complete(file.record) }),
      ...(file.intended === undefined ? {} : { intended: complete(file.intended) }),
    };
  } catch (cause) {
    if (cause instanceof KumaError) throw cause;
    throw new KumaError("KUMA-TP-042", `cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}

/** A setting that is newer than the record has its default. */
function complete(record: InstallRecord): InstallRecord {
  return { ...record, document: { ...defaultConfig(), ...record.document } };
}

/** Forgets the installation of this netns, and what a run left of its note that was killed. */
export function removeRecord(directory = JOURNAL_DIRECTORY): void {
  const { path } = slotIn(directory);
  removeIfThere(path);
  removeTemporaries(path);
}

interface RecordFile extends Incarnation {
  readonly version: 1;
  readonly record?: InstallRecord;
  readonly intended?: InstallRecord;
}

function isFile(value: unknown): value is RecordFile {
  if (!isRecord(value)) return false;
  const { version, boot, cookie, record, intended } = value;
  return version === 1 && typeof boot === "string" &&
    (cookie === undefined || typeof cookie === "string") &&
    [record, intended].every((one) => one === undefined || isInstallRecord(one));
}

function isInstallRecord(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { at, version, document, uid, sources, backend } = value;
  return typeof at === "string" && typeof version === "string" && typeof uid === "number" &&
    isRecord(document) && isRecord(sources) &&
    [undefined, "nftables", "iptables", "eBPF"].some((one) => one === backend);
}

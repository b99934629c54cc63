/**
 * What was installed here, when and by which version: what `kumactl status` compares with. It lives in /run
 * beside the journal, one file a network namespace, and is believed as little as that one.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { isObject } from "core/patch/json.ts";
import { defaultConfig, type TransparentProxyConfig } from "core/proxy/config.ts";
import { COMMIT, VERSION } from "core/version.ts";
import { removeIfThere, replaceFile } from "../atomic_file.ts";
import { JOURNAL_DIRECTORY } from "../firewall/journal.ts";
import { netnsInode } from "../netns.ts";
import { readProcFile } from "../proc.ts";
import { type HostChange, jsonChange } from "./changes.ts";
import { readTrustedText, requireTrusted } from "../trusted_file.ts";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** An installation as it was done. */
export interface InstallRecord {
  /** When, ISO 8601 in UTC. */
  readonly at: string;
  /** Version and commit of the program. */
  readonly version: string;
  readonly commit: string;
  readonly backend: "nftables" | "iptables";
  readonly document: TransparentProxyConfig;
  /** UID of kuma-dp as it was found then. */
  readonly uid: number;
  /** Sources of the settings that are no defaults, by key. */
  readonly sources: Readonly<Record<string, string>>;
}

/** What the caller knows of an installation. */
export type Installed = Pick<InstallRecord, "backend" | "document" | "uid" | "sources">;

/**
 * Notes an installation of the netns that the main thread is in. Where it cannot be written the rules stand all the
 * same: an init container has a read-only root, and what it did goes with the pod.
 */
export function writeRecord(
  { backend, document, uid, sources }: Installed,
  logger: Logger,
  directory = JOURNAL_DIRECTORY,
): void {
  const record = { at: new Date().toISOString(), ...recordOf({ backend, document, uid, sources }) };
  const path = pathOf(directory);
  try {
    requireTrusted(path);
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = { version: 1, boot: bootId(), record };
    replaceFile(path, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  } catch (error) {
    logger.debug(`'kumactl status' will not know what was installed: ${errorText(error)}`);
    forget(path);
  }
}

function recordOf(installed: Installed): Omit<InstallRecord, "at"> {
  return { version: VERSION, commit: COMMIT, ...installed };
}

/**
 * What {@linkcode writeRecord} would change, its time aside, which is always another one; the removal for `undefined`.
 * Throws as {@linkcode readRecord} does.
 */
export function recordChange(
  installed: Installed | undefined,
  directory = JOURNAL_DIRECTORY,
): HostChange {
  const found = readRecord(directory);
  const { at: _, ...before } = found ?? { at: "" };
  const after = installed === undefined ? undefined : recordOf(installed);
  return jsonChange(pathOf(directory), found && inOrder(before), after && inOrder(after));
}

/** Members by their names: their order in a file says nothing. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value as never)) return value;
  return Object.fromEntries(
    Object.entries(value as object).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([name, member]) => [name, inOrder(member)]),
  );
}

/** What an earlier installation noted is not true any more; on a full disk a file can still be removed. */
function forget(path: string): void {
  try {
    removeIfThere(path);
  } catch {
    // A read-only root has no record either.
  }
}

/**
 * What was installed in this netns; undefined where nothing was noted since the machine started.
 *
 * @throws {KumaError} `KUMA-HOST-131` somebody else can have written it, `KUMA-TP-042` it cannot be read.
 */
export function readRecord(directory = JOURNAL_DIRECTORY): InstallRecord | undefined {
  const path = pathOf(directory);
  try {
    const text = readTrustedText(path);
    if (text === undefined) return undefined;
    const file: unknown = JSON.parse(text);
    if (!isFile(file)) throw new TypeError("it is no record of an installation");
    if (file.boot !== bootId()) return undefined;
    // A setting that is newer than the record has its default.
    return { ...file.record, document: { ...defaultConfig(), ...file.record.document } };
  } catch (cause) {
    if (cause instanceof KumaError) throw cause;
    throw new KumaError("KUMA-TP-042", `cannot read ${path}: ${errorText(cause)}`, { cause });
  }
}

/** Forgets the installation of this netns. */
export function removeRecord(directory = JOURNAL_DIRECTORY): void {
  removeIfThere(pathOf(directory));
}

function pathOf(directory: string): string {
  return `${directory}/${netnsInode()}.installed.json`;
}

function bootId(): string {
  return readProcFile(BOOT_ID).trim();
}

function isFile(value: unknown): value is { boot: string; record: InstallRecord } {
  if (!isObject(value as never)) return false;
  const { version, boot, record } = value as { version: unknown; boot: unknown; record: unknown };
  if (version !== 1 || typeof boot !== "string" || !isObject(record as never)) return false;
  const { at, document, uid, sources, backend } = record as unknown as InstallRecord;
  return typeof at === "string" && typeof uid === "number" && isObject(document as never) &&
    isObject(sources as never) &&
    (backend === "nftables" || backend === "iptables");
}

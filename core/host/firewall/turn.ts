/**
 * One operation on a netns at a time. What is to be changed follows from a listing, so two runs at once
 * would both see a firewall without our rules, and both would put them in.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { delay } from "core/time/clock.ts";
import { netnsInode } from "../netns.ts";
import { requireTrusted } from "../trusted_file.ts";
import { JOURNAL_DIRECTORY } from "./journal_directory.ts";

/** Longest wait for another run, milliseconds: it may itself be waiting for the xtables lock. */
const LIMIT_MS = 60_000;
const POLL_MS = 20;

/** A turn, to be given back. The kernel gives it back where the process is killed. */
export type NetnsLock = Disposable;

/**
 * Waits until no other run works on this netns. Where no lock can be made (a read-only container) the
 * run goes on without: there is nobody else in there.
 *
 * @throws {KumaError} `KUMA-TP-213` another run takes longer than a minute; `KUMA-HOST-131` others can
 *   change the lock or its folder; or the signal's reason.
 */
export async function takeTurn(
  logger: Logger,
  options: { readonly directory?: string | undefined; readonly signal?: AbortSignal | undefined },
  limitMs = LIMIT_MS,
): Promise<NetnsLock> {
  const directory = options.directory ?? JOURNAL_DIRECTORY;
  const path = `${directory}/${netnsInode()}.lock`;
  requireTrusted(path);
  let file: Deno.FsFile;
  try {
    file = openLock(directory, path);
  } catch (error) {
    logger.debug(`going on without the lock ${path}: ${errorText(error)}`);
    return { [Symbol.dispose]() {} };
  }
  const turn = { [Symbol.dispose]: () => file.close() };
  try {
    const deadline = performance.now() + limitMs;
    while (!file.tryLockSync(true)) {
      options.signal?.throwIfAborted();
      if (performance.now() > deadline) throw takenBy(path);
      await delay(POLL_MS);
    }
    return turn;
  } catch (error) {
    turn[Symbol.dispose]();
    throw error;
  }
}

/** The folder is there but for the first time after a restart. */
function openLock(directory: string, path: string): Deno.FsFile {
  const options = { write: true, create: true, mode: 0o600 };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
    return Deno.openSync(path, options);
  }
}

function takenBy(path: string): KumaError {
  return new KumaError(
    "KUMA-TP-213",
    `another run of kumactl is still at work in this network namespace (it holds ${path})`,
    { hint: "nothing was changed; wait for it or stop it, then run the command again" },
  );
}

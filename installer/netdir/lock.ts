/**
 * Of several installers on one net dir, one works. The newest asks the one at work to step back and takes
 * over: that is a rolling update with a surge, where the old pod only goes once the new one is ready.
 *
 * The lock is flock(2) on a file of the state folder: the kernel frees it however its holder ends.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { removeIfThere, replaceFile } from "core/host/atomic_file.ts";
import { requireTrusted } from "core/host/trusted_file.ts";
import { delay } from "core/time/clock.ts";
import type { Places } from "../program/places.ts";

const ASK_EVERY_MS = 50;
const ASK_AGAIN_MS = 1000;

/** One installer's part in who is at work. */
export class NodeLock {
  readonly #id = crypto.randomUUID();
  #file: Deno.FsFile | undefined;
  /** True once it has had its turn and stepped back. */
  #steppedBack = false;
  #asked = -Infinity;

  constructor(private readonly places: Places) {}

  /**
   * Waits until this installer is the one. The first call asks whoever is at work to step back; later ones
   * (after it has stepped back itself) wait until the other has gone, so that two never push each other.
   *
   * @returns false when the signal aborted first
   * @throws {KumaError} `KUMA-INS-030` when the state folder cannot be written, `KUMA-HOST-131` when somebody else can
   *   write to it
   */
  async take(signal: AbortSignal): Promise<boolean> {
    this.#prepareFolder();
    while (!signal.aborted) {
      if (!this.#mustLetPass() && await this.#try()) {
        removeIfThere(this.places.successor);
        return true;
      }
      if (!this.#steppedBack) this.#ask();
      await delay(ASK_EVERY_MS, { signal });
    }
    return false;
  }

  /** Whether a newer installer waits for this one to step back. */
  isCalledOff(): boolean {
    try {
      return Deno.readTextFileSync(this.places.successor) !== this.#id;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  /** Whether the state folder is still the one that was locked. */
  isHeld(): boolean {
    return this.#file !== undefined && isAt(this.#file, this.places.lock);
  }

  /** Lets the next one in. */
  release(): void {
    this.#steppedBack = true;
    this.#file?.close();
    this.#file = undefined;
  }

  /** Says so again now and then, so that whoever steps back can tell a waiting successor from a dead one. */
  #ask(): void {
    if (performance.now() - this.#asked < ASK_AGAIN_MS) return;
    try {
      replaceFile(this.places.successor, this.#id, { mode: 0o600 });
      this.#asked = performance.now();
    } catch (error) {
      // Who has just begun its turn sweeps temporary files, ours among them; who leaves takes the folder along.
      const swept = error instanceof KumaError && error.cause instanceof Deno.errors.NotFound;
      if (!swept) throw error;
    }
  }

  /** After stepping back: whether somebody who asked for it is still about to take over. */
  #mustLetPass(): boolean {
    if (!this.#steppedBack || !this.isCalledOff()) return false;
    try {
      const asked = Deno.statSync(this.places.successor).mtime?.getTime() ?? 0;
      return Date.now() - asked < 3 * ASK_AGAIN_MS;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  #prepareFolder(): void {
    try {
      Deno.mkdirSync(this.places.state, { recursive: true, mode: 0o700 });
      Deno.chmodSync(this.places.state, 0o700);
    } catch (cause) {
      throw new KumaError(
        "KUMA-INS-030",
        `Cannot make the folder "${this.places.state}": ${errorText(cause)}`,
        { cause, hint: "mount the host's net dir writable" },
      );
    }
  }

  async #try(): Promise<boolean> {
    const file = this.#open();
    if (file === undefined) return false;
    if (await file.tryLock(true) && isAt(file, this.places.lock)) {
      this.#file = file;
      return true;
    }
    file.close();
    return false;
  }

  #open(): Deno.FsFile | undefined {
    // A link in its place would lead root to any file, and whoever holds it keeps every installer out.
    requireTrusted(this.places.lock);
    requireTrusted(this.places.successor);
    try {
      return Deno.openSync(this.places.lock, {
        read: true,
        write: true,
        create: true,
        mode: 0o600,
      });
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) {
        // The one before us has just left and taken the folder along.
        this.#prepareFolder();
        return undefined;
      }
      throw new KumaError("KUMA-INS-030", `Cannot open the lock: ${errorText(cause)}`, { cause });
    }
  }
}

/** False when the locked file is no longer the one that newcomers would open. */
function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    const there = Deno.statSync(path);
    const own = file.statSync();
    return there.ino === own.ino && there.dev === own.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Wakes the installer: at once when something happens in the net dir (inotify), and every interval anyway,
 * since events get lost (a directory that is replaced, a queue that overflows, a file system without
 * inotify).
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { delay } from "core/time/clock.ts";

/** A burst of events, such as one rename makes, is answered once. */
const SETTLE_MS = 5;

/** Resolves waits when there is a reason to look. */
export class Alarm implements Disposable {
  readonly #watches = new Map<string, DirectoryWatch>();
  #ring: (() => void) | undefined;
  #rang = false;

  constructor(private readonly dir: string, private readonly log: Logger) {
    this.watch([]);
  }

  /** Watches these directories beside its own, and no others any more: where links of the net dir lead to. */
  watch(others: readonly string[]): void {
    const wanted = new Set([this.dir, ...others]);
    for (const [dir, watch] of this.#watches) {
      if (wanted.has(dir)) continue;
      watch[Symbol.dispose]();
      this.#watches.delete(dir);
    }
    for (const dir of wanted) {
      let watch = this.#watches.get(dir);
      if (watch === undefined) {
        watch = new DirectoryWatch(dir, this.log, () => this.ring());
        this.#watches.set(dir, watch);
      }
      watch.renew();
    }
  }

  /** Waits for an event, but not longer than this; true when there was one. */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    for (const watch of this.#watches.values()) watch.renew();
    if (!this.#rang && !signal.aborted) await this.#rest(ms, signal);
    const rang = this.#rang;
    if (rang) await delay(SETTLE_MS);
    this.#rang = false;
    return rang;
  }

  /** Makes the present or next wait end. */
  ring(): void {
    this.#rang = true;
    this.#ring?.();
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches.values()) watch[Symbol.dispose]();
    this.#watches.clear();
  }

  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    const rung = new AbortController();
    const ring = () => rung.abort();
    this.#ring = ring;
    // Not AbortSignal.any(): this is done every second for months, on a signal that lives as long.
    signal.addEventListener("abort", ring, { once: true });
    await delay(ms, { signal: rung.signal });
    signal.removeEventListener("abort", ring);
    this.#ring = undefined;
  }
}

/** One directory, whichever is at its path: another may take its place. */
class DirectoryWatch implements Disposable {
  #watcher: Deno.FsWatcher | undefined;
  #watched: number | null = null;
  #complaint = "";

  constructor(
    private readonly dir: string,
    private readonly log: Logger,
    private readonly ring: () => void,
  ) {}

  /** Watches the directory that is there now. */
  renew(): void {
    const inode = inodeOf(this.dir);
    if (inode === this.#watched && this.#watcher !== undefined) return;
    this[Symbol.dispose]();
    if (inode === undefined) return;
    try {
      this.#watcher = Deno.watchFs(this.dir, { recursive: false });
      this.#watched = inode;
      this.#complaint = "";
      void this.#follow(this.#watcher);
    } catch (error) {
      const text = errorText(error);
      // Tried again at each interval, for months perhaps; said once.
      if (text === this.#complaint) return;
      this.#complaint = text;
      this.log.warn("cannot watch the directory, only look at it now and then", {
        dir: this.dir,
        error: text,
      });
    }
  }

  async #follow(watcher: Deno.FsWatcher): Promise<void> {
    for await (const event of watcher) {
      // Reading ends in an event too; a write ends in both.
      if (event.kind !== "access") this.ring();
    }
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#watched = null;
  }
}

function inodeOf(path: string): number | null | undefined {
  try {
    return Deno.statSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

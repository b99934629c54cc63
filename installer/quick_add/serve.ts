/**
 * The socket at which the plugin in front asks what to do at an ADD. It lies in the folder of the release, so that only
 * plugins of this very release find it; for root alone, as the plugin is.
 *
 * A plugin that finds nobody here, or gets no answer in time, runs its program: nothing depends on this server but time.
 *
 * @module
 */
import { QUICK_ADD_SOCKET } from "core/cni/quick_add.ts";
import type { ReadPod } from "core/cni/wishes.ts";
import { errorText } from "core/errors.ts";
import { removeIfThere } from "core/host/atomic_file.ts";
import { listenAt } from "core/host/unix_listener.ts";
import { delay } from "core/time/clock.ts";
import { after } from "core/time/timer.ts";
import type { Log } from "../report/log.ts";
import type { Metrics } from "../report/metrics.ts";
import { countRecord } from "../report/plugin_log.ts";
import { converse, type End } from "./conversation.ts";

/** Conversations at a time; whoever comes beside them is sent away at once. */
const MOST_AT_ONCE = 64;
/** Milliseconds that one may take; the plugin itself waits for three seconds, once it has its configuration. */
const CONVERSATION_MS = 8000;
/** Milliseconds until the next connection is taken after one that could not be. */
const AFTER_FAILURE_MS = 100;

/** A socket that is listened at, and which file it is. */
interface Ear {
  readonly listener: Deno.UnixListener;
  readonly inode: number | null;
}

/** Answers in some folders. Dispose of it. */
export class QuickAddServer implements Disposable {
  readonly #ears = new Map<string, Ear>();
  #talks = 0;
  #complaint = "";

  /**
   * @param read a pod from the API server, as the plugin's account
   * @param listen opens the socket at a path
   */
  constructor(
    private readonly read: ReadPod,
    private readonly log: Log,
    private readonly metrics: Metrics,
    private readonly listen: (path: string) => Deno.UnixListener = listenAt,
  ) {}

  /**
   * Listens in these folders and in no others; does nothing where it does so already. Never throws: what keeps it from
   * listening is logged once.
   */
  listenIn(folders: readonly string[]): void {
    const paths = new Set(folders.map((folder) => `${folder}/${QUICK_ADD_SOCKET}`));
    for (const path of this.#ears.keys()) if (!paths.has(path)) this.#leave(path);
    try {
      for (const path of paths) this.#ensure(path);
    } catch (error) {
      this.#complain(error);
    }
  }

  [Symbol.dispose](): void {
    for (const path of [...this.#ears.keys()]) this.#leave(path);
  }

  #ensure(path: string): void {
    const ear = this.#ears.get(path);
    if (ear !== undefined) {
      if (ear.inode === inodeOf(path)) return;
      this.#leave(path);
    }
    const listener = this.listen(path);
    this.#ears.set(path, { listener, inode: inodeOf(path) });
    void this.#accept(path, listener);
  }

  /** The file goes as well, where it is still ours: another installer of this release may listen by now. */
  #leave(path: string): void {
    const ear = this.#ears.get(path);
    this.#ears.delete(path);
    ear?.listener.close();
    if (ear !== undefined && ear.inode === inodeOf(path)) removeIfThere(path);
  }

  /** Until the listener is closed. Without a descriptor left it goes on as soon as there may be one. */
  async #accept(path: string, listener: Deno.UnixListener): Promise<void> {
    const isOpen = () => this.#ears.get(path)?.listener === listener;
    while (isOpen()) {
      try {
        const connection = await listener.accept();
        if (this.#talks >= MOST_AT_ONCE) close(connection);
        else void this.#talk(connection);
      } catch (error) {
        if (!isOpen()) return;
        this.#complain(error);
        await delay(AFTER_FAILURE_MS);
      }
    }
  }

  /** Once for one reason. */
  #complain(error: unknown): void {
    const text = errorText(error);
    if (text === this.#complaint) return;
    this.#complaint = text;
    this.log.logger.warn("cannot answer ADD here, the plugin's program does", { error: text });
  }

  async #talk(connection: Deno.Conn): Promise<void> {
    this.#talks += 1;
    using _limit = after(CONVERSATION_MS, () => close(connection));
    try {
      this.#note(await converse(connection, this.read));
    } catch (error) {
      this.metrics.add("kuma_cni_quick_adds_total", { outcome: "broken" });
      this.log.logger.debug("a plugin's connection broke", { error: errorText(error) });
    } finally {
      close(connection);
      this.#talks -= 1;
    }
  }

  #note(end: End): void {
    const count = (outcome: string) => this.metrics.add("kuma_cni_quick_adds_total", { outcome });
    if ("misunderstood" in end) {
      count("misunderstood");
      this.log.logger.debug("a plugin was not understood", { reason: end.misunderstood });
      return;
    }
    const { decision, outcome } = end;
    if (decision.reason !== undefined) {
      count("program");
      this.log.logger.debug("an ADD is left to the plugin's program", { reason: decision.reason });
    } else if (outcome === undefined) count("broken");
    else if (!outcome.done) {
      count("failed");
      const { step, errno } = outcome;
      this.log.logger.debug("a plugin's program looks after an ADD", { step, errno });
    } else {
      count(decision.answer.kind === "rules" ? "intercepted" : "left_alone");
      for (const record of decision.lines(outcome)) {
        countRecord(record, this.metrics);
        this.log.forward(record);
      }
    }
  }
}

function inodeOf(path: string): number | null {
  try {
    return Deno.lstatSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    // The end of the talk and the timer can both come first.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

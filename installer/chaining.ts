/**
 * Keeps our entry in the chain: one look a round, and where something has to be written, one more that it is so.
 *
 * @module
 */
import { BackOff } from "./backoff.ts";
import { hintFor } from "./environment/hints.ts";
import type { ConflistEntry } from "./netdir/entry.ts";
import { folderOf } from "./netdir/journal.ts";
import { act, type Look, look } from "./netdir/look.ts";
import { namesIn } from "./netdir/net_dir.ts";
import { Quiet } from "./netdir/quiet.ts";
import { revertFile } from "./netdir/revert.ts";
import type { Places } from "./program/places.ts";
import type { Log } from "./report/log.ts";
import type { Metrics } from "./report/metrics.ts";
import type { Settings } from "./settings/settings.ts";
import { type InstallState, unverified } from "./state.ts";

/** While an agent fights for the file it is looked at so often, in milliseconds: it may end at any time. */
const FIGHT_LOOK_MS = 250;
/** An entry that was away for less is not spoken of. */
const WORTH_TELLING_MS = 1000;
/** Milliseconds until a file that changed too often is tried again. */
const AFTER_RACE_MS = 100;

/** What a round has come to. */
export interface ChainRound {
  readonly state: InstallState;
  /** How often the chain was written. */
  readonly written: number;
  /** Milliseconds to leave other agents alone; 0 when all is well. */
  readonly pause: number;
}

/** One net dir. */
export class Chaining {
  readonly #backOff = new BackOff();
  readonly #quiet = new Quiet();
  /** Whether the entry has been in a chain, so that its absence is somebody's doing. */
  #was = false;
  /** Since when the entry is away. */
  #away: number | undefined;
  #linked: readonly string[] = [];

  /** @param looking looks at the net dir */
  constructor(
    private readonly settings: Settings,
    private readonly places: Places,
    private readonly log: Log,
    private readonly metrics: Metrics,
    private readonly looking: typeof look = look,
  ) {}

  /** Folders that links of the net dir lead to: files in there are the runtime's configs as well. */
  get linked(): readonly string[] {
    return this.#linked;
  }

  /**
   * Looks, and puts the entry where it belongs.
   *
   * @param state where it is; the same comes back where a file's writer has not finished
   * @param now milliseconds of a steady clock
   */
  round(entry: ConflistEntry, state: InstallState, now: number = performance.now()): ChainRound {
    const { settings, places } = this;
    const seen = this.looking(settings, places, entry);
    this.#linked = linkedFolders(seen, places.netDir);
    const held = this.#hold(seen, now);
    if (held !== undefined) {
      return { state: held.broken ?? unverified(state), written: 0, pause: held.pause };
    }
    const { last, done } = act(settings, places, entry, seen, this.looking);
    for (const action of done) {
      const file = "file" in last.plan ? { file: last.plan.file } : {};
      this.log.logger.info("the chain has the plugin", { action, ...file });
      if (this.#was && this.#backOff.wrote(now)) this.#hint(last);
    }
    return { ...this.#outcome(last, state, entry, now), written: done.length };
  }

  /** Whether nothing may be written now, for so many milliseconds. */
  #hold(seen: Look, now: number): { broken?: InstallState; pause: number } | undefined {
    const { plan } = seen;
    const mustWrite = plan.action !== "keep" && plan.action !== "wait";
    if (!mustWrite) {
      this.metrics.set("kuma_cni_heal_backoff_seconds", 0);
      return undefined;
    }
    if (this.#was) this.#away ??= now;
    this.#backOff.saw(versionOf(seen), now);
    const pause = this.#backOff.pause(now);
    this.metrics.set("kuma_cni_heal_backoff_seconds", pause / 1000);
    if (pause > 0) {
      const reason = `another agent keeps rewriting "${plan.file}"`;
      return { broken: { kind: "broken", reason }, pause: Math.min(pause, FIGHT_LOOK_MS) };
    }
    const unfinished = this.#quiet.wait(seen, Date.now());
    return unfinished > 0 ? { pause: unfinished } : undefined;
  }

  #outcome(
    last: Look,
    state: InstallState,
    entry: ConflistEntry,
    now: number,
  ): { state: InstallState; pause: number } {
    const { plan } = last;
    if (plan.action === "wait") {
      const { reason } = plan;
      if (state.kind !== "waiting" || state.reason !== reason) {
        this.log.logger.warn("waiting for a CNI config", { reason });
      }
      return { state: { kind: "waiting", reason }, pause: 0 };
    }
    if (plan.action !== "keep") {
      const reason = `"${plan.file}" changes faster than it can be extended`;
      return { state: { kind: "broken", reason }, pause: AFTER_RACE_MS };
    }
    this.#tellAbsence(plan.file, now);
    this.#was = true;
    let { marks } = last;
    for (const name of last.strays) {
      if (!revertFile(this.places, name)) continue;
      this.log.logger.info("took the entry out again", { file: name });
      const after = this.looking(this.settings, this.places, entry);
      marks = after.plan.action === "keep" ? after.marks : undefined;
    }
    return { state: { kind: "chained", file: plan.file, marks }, pause: 0 };
  }

  #tellAbsence(file: string, now: number): void {
    const ms = this.#away === undefined ? 0 : now - this.#away;
    this.#away = undefined;
    if (ms < WORTH_TELLING_MS) return;
    this.log.logger.warn(
      "the entry was away: pods that started meanwhile may run without interception",
      { file, seconds: Math.round(ms / 100) / 10, hint: "kuma-controller's repair finds them" },
    );
  }

  #hint({ plan }: Look): void {
    this.log.logger.warn("another agent keeps rewriting the CNI config; slowing down", {
      ...("file" in plan && { file: plan.file }),
      hint: hintFor(namesIn(this.places.netDir)),
    });
  }
}

/** The file that a plan is about, as text that is another one after each change. */
function versionOf({ plan, files }: Look): string {
  const name = plan.action === "convert" ? plan.from : "file" in plan ? plan.file : "";
  return files.find((file) => file.name === name)?.snapshot?.identity ?? "none";
}

function linkedFolders({ files }: Look, netDir: string): string[] {
  const folders = files.flatMap(({ snapshot }) =>
    snapshot?.target === undefined ? [] : [folderOf(snapshot.target)]
  );
  return [...new Set(folders)].filter((folder) => folder !== netDir);
}

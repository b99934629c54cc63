/**
 * The life of an installer: install, serve, heal, leave.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { removeIfThere } from "core/host/atomic_file.ts";
import { delay } from "core/time/clock.ts";
import { every } from "core/time/timer.ts";
import { Installation } from "./installation.ts";
import { leave } from "./leave.ts";
import { NodeLock } from "./netdir/lock.ts";
import type { Log } from "./report/log.ts";
import { Metrics } from "./report/metrics.ts";
import { placesOf } from "./program/places.ts";
import { openQuickAdd, type QuickAdd } from "./quick_add/open.ts";
import { listenForPlugin } from "./report/plugin_log.ts";
import { ReadyFile } from "./report/ready_file.ts";
import { recover } from "./netdir/recover.ts";
import { serve } from "./report/serve.ts";
import type { Settings } from "./settings/settings.ts";
import { Alarm } from "./netdir/watch.ts";

/** A loop that has not turned for so long stands still; a copy to a slow disk takes its time. */
const STANDSTILL_MS = 120_000;

/** Milliseconds before a failed round is tried again. */
const AFTER_FAILURE_MS = 1000;

/**
 * Runs until the signal aborts (or, with SLEEP=false, until everything is in place).
 *
 * @throws {KumaError} whatever makes installing impossible; nothing was chained then
 */
export async function live(settings: Settings, log: Log, signal: AbortSignal): Promise<void> {
  const places = placesOf(settings);
  const metrics = new Metrics();
  const installation = new Installation(settings, places, log, metrics);
  const turn = new NodeLock(places);
  const pulse = { last: performance.now() };
  const ready = new ReadyFile(settings.readyFile, log.logger);
  await using _server = serve(settings.httpPort, {
    metrics,
    ready: () =>
      turn.isHeld()
        ? installation.check()
        : { ready: false, reason: "another installer is at work" },
    alive: () => performance.now() - pulse.last < STANDSTILL_MS,
    level: () => log.level,
    setLevel: (level) => {
      log.level = level;
      installation.setLevel(level);
    },
  });
  for (;;) {
    if (!await takeTurn(turn, log, pulse, signal)) return;
    const restored = recover(places);
    if (restored !== undefined) log.logger.warn("put back what a crash held", { file: restored });
    await installation.install();
    using _log = listenForPlugin(places.logSocket, log, metrics);
    using quickAdd = settings.quickAdd ? openQuickAdd(places, log, metrics) : undefined;
    const end = await heal({ installation, turn, ready, quickAdd }, log, pulse, signal);
    if (end === "called off") {
      log.logger.info("a newer installer takes over");
      ready.set(false);
      turn.release();
      continue;
    }
    if (end === "aborted") await leave(settings, places, installation.program.dirs, log.logger);
    turn.release();
    return;
  }
}

type End = "aborted" | "called off" | "done";

/** What one turn is about. */
interface Healed {
  readonly installation: Installation;
  readonly turn: NodeLock;
  readonly ready: ReadyFile;
  readonly quickAdd: QuickAdd | undefined;
}

interface Pulse {
  last: number;
}

async function takeTurn(
  turn: NodeLock,
  log: Log,
  pulse: Pulse,
  signal: AbortSignal,
): Promise<boolean> {
  using _waiting = every(10_000, () => {
    pulse.last = performance.now();
    log.logger.info("waiting for another installer on this node");
  });
  return await turn.take(signal);
}

/** Puts back what is missing, whenever something happens, until somebody says stop. */
async function heal(
  { installation, turn, ready, quickAdd }: Healed,
  log: Log,
  pulse: Pulse,
  signal: AbortSignal,
): Promise<End> {
  const { settings, places } = installation;
  using alarm = new Alarm(places.netDir, log.logger);
  let complaint = "";
  while (!signal.aborted) {
    pulse.last = performance.now();
    if (turn.isCalledOff() || !turn.isHeld()) return "called off";
    void installation.refresh().then((changed) => {
      if (changed) alarm.ring();
    });
    let pause: number;
    try {
      pause = await installation.round();
      installation.program.tidy();
      quickAdd?.listenIn(installation.program.releases);
      complaint = "";
    } catch (error) {
      const text = errorText(error);
      if (text !== complaint) log.logger.error("could not put things right", { error: text });
      complaint = text;
      installation.markBroken(text);
      pause = AFTER_FAILURE_MS;
    }
    alarm.watch(installation.linkedFolders);
    const chained = installation.state.kind === "chained";
    ready.set(chained);
    if (!settings.stay && chained) return "done";
    // While it holds back, events do not count: the other agent makes hundreds of them.
    if (pause > 0) await delay(Math.min(pause, settings.checkIntervalMs), { signal });
    else await alarm.wait(settings.checkIntervalMs, signal);
  }
  return "aborted";
}

/** Removes a readiness file that an earlier container of this pod left behind. */
export function forgetReadiness(settings: Settings): void {
  removeIfThere(settings.readyFile);
}

/**
 * The installation on this node: what it needs, putting it in place, putting it back.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { LogLevel } from "core/log/logger.ts";
import { BackOff } from "./backoff.ts";
import { ownCredential, type PluginCredential, pluginCredential } from "./credentials.ts";
import { type ConflistEntry, makeEntry, ownPod, withLevel } from "./netdir/entry.ts";
import { hintFor } from "./environment/hints.ts";
import { HostProgram } from "./program/host_program.ts";
import { ensureKubeconfig, kubeconfigText, serverUrl } from "./kubeconfig.ts";
import type { Log } from "./report/log.ts";
import { act, look } from "./netdir/look.ts";
import { netMarks } from "./netdir/marks.ts";
import type { Metrics } from "./report/metrics.ts";
import { namesIn } from "./netdir/net_dir.ts";
import type { Places } from "./program/places.ts";
import { hostBinDir } from "./program.ts";
import { revertFile } from "./netdir/revert.ts";
import { Quiet } from "./netdir/quiet.ts";
import type { Settings } from "./settings/settings.ts";
import { claimsOf } from "./token.ts";

const CONFIG_STATES = ["chained", "waiting", "broken"] as const;

/** Everything about one installation. All file work in it is done while the turn is held. */
export class Installation {
  #entry: ConflistEntry | undefined;
  #credential: PluginCredential | undefined;
  #chainFile = "";
  /** Marks of the net dir that were found right; undefined to look again. */
  #verified: string | undefined;
  #reason = "not installed yet";
  #wasReady = false;
  #refreshing = false;
  #refreshed = -Infinity;
  #level: LogLevel | undefined;
  readonly #backOff = new BackOff();
  readonly #quiet = new Quiet();
  /** The program's part. */
  readonly program: HostProgram;

  constructor(
    readonly settings: Settings,
    readonly places: Places,
    private readonly log: Log,
    private readonly metrics: Metrics,
  ) {
    this.program = new HostProgram(settings, log.logger);
    // Said explicitly, the level is for the plugin as well; else the entry's own counts.
    if (settings.logLevel !== "info") this.#level = settings.logLevel;
    this.#tell("waiting");
  }

  /** Why it is not ready; empty when it is. */
  get reason(): string {
    return this.#reason;
  }

  /**
   * Program, proof that it runs, credential and kubeconfig: all that the chain's entry will point to.
   *
   * @throws {KumaError} any step's code; the chain has not been touched
   */
  async install(): Promise<void> {
    const { settings, places } = this;
    const server = serverUrl(settings.api);
    const own = ownCredential(settings);
    const pod = ownPod(settings, claimsOf(own.token));
    this.#entry = makeEntry(settings, places, () => own.token, pod);
    const hostDir = hostBinDir(settings, this.#entry.binDir);
    const [, credential] = await Promise.all([
      this.program.put(hostDir),
      pluginCredential(settings, places, server),
    ]);
    this.#use(credential);
    ensureKubeconfig(places, kubeconfigText(server, credential));
  }

  /** Looks at the disk now: whether everything is as it was when it was last verified. */
  check(): { ready: boolean; reason: string } {
    if (this.#reason !== "") return { ready: false, reason: this.#reason };
    try {
      if (this.#isVerified()) return { ready: true, reason: "" };
      return { ready: false, reason: "something has changed and is being looked at" };
    } catch (error) {
      return { ready: false, reason: errorText(error) };
    }
  }

  /**
   * One round: puts back whatever is missing.
   *
   * @returns milliseconds to leave other agents alone before the next round; 0 when all is well
   */
  async round(): Promise<number> {
    const started = performance.now();
    if (this.#isVerified()) return 0;
    const hostDir = hostBinDir(this.settings, this.#wanted.binDir);
    const healed = await this.program.ensure(hostDir) ? ["program"] : [];
    if (this.#ensureKubeconfig()) healed.push("kubeconfig");
    const pause = this.#ensureChain(healed);
    if (this.#wasReady) { for (const what of healed) this.#healedNow(what, started); }
    if (this.#reason === "") {
      this.#verified = this.#verifiedNet();
      this.#wasReady = true;
    }
    return pause;
  }

  /** Renews the credential when it is time; the next round writes it. Never throws. */
  async refresh(): Promise<boolean> {
    const now = performance.now();
    if (this.#refreshing || now - this.#refreshed < this.settings.tokenIntervalMs) return false;
    this.#refreshing = true;
    this.#refreshed = now;
    try {
      const before = this.#credential;
      const server = serverUrl(this.settings.api);
      const fresh = await pluginCredential(this.settings, this.places, server);
      this.#use(fresh);
      if (fresh.token === before?.token && fresh.ca === before.ca) return false;
      this.#verified = undefined;
      return true;
    } catch (error) {
      this.log.logger.error("could not renew the plugin's token", { error: errorText(error) });
      return false;
    } finally {
      this.#refreshing = false;
    }
  }

  /** Makes the plugin log at this level as well, by a new entry in the chain. */
  setLevel(level: LogLevel): void {
    this.#level = level;
    this.#verified = undefined;
  }

  /** Not ready until the next round says so. */
  markBroken(reason: string): void {
    this.#reason = reason;
    this.#verified = undefined;
    this.#tell("broken");
  }

  get #wanted(): ConflistEntry {
    if (this.#entry === undefined) throw new TypeError("round() needs install() first");
    return this.#level === undefined ? this.#entry : withLevel(this.#entry, this.#level);
  }

  #ensureKubeconfig(): boolean {
    if (this.#credential === undefined) return false;
    const text = kubeconfigText(serverUrl(this.settings.api), this.#credential);
    return ensureKubeconfig(this.places, text);
  }

  #ensureChain(healed: string[]): number {
    const { settings, places } = this;
    const seen = look(settings, places, this.#wanted);
    const pause = this.#backOff.pause(performance.now());
    const mustWrite = seen.plan.action !== "keep" && seen.plan.action !== "wait";
    this.metrics.set("kuma_cni_heal_backoff_seconds", mustWrite ? pause / 1000 : 0);
    if (mustWrite && pause > 0) {
      this.markBroken(`another agent keeps rewriting "${seen.plan.file}"`);
      return pause;
    }
    const unfinished = mustWrite ? this.#quiet.wait(seen, Date.now()) : 0;
    if (unfinished > 0) return unfinished;
    const { last, done } = act(settings, places, this.#wanted);
    for (const action of done) {
      healed.push("chain");
      this.log.logger.info("the chain has the plugin", { action, ...fileOf(last.plan) });
      if (this.#wasReady && this.#backOff.wrote(performance.now())) this.#hint();
    }
    if (last.plan.action === "wait") return this.#waitFor(last.plan.reason);
    if (last.plan.action !== "keep") {
      this.markBroken(`"${last.plan.file}" changes faster than it can be extended`);
      return 100;
    }
    this.#chainFile = last.plan.file;
    for (const name of last.strays) {
      if (revertFile(places, name)) {
        this.log.logger.info("took the entry out again", { file: name });
      }
    }
    this.#reason = "";
    this.#tell("chained");
    return 0;
  }

  #waitFor(reason: string): number {
    if (this.#reason !== reason) this.log.logger.warn("waiting for a CNI config", { reason });
    this.#reason = reason;
    this.#tell("waiting");
    return 0;
  }

  #hint(): void {
    const hint = hintFor(namesIn(this.places.netDir));
    this.log.logger.warn("another agent keeps rewriting the CNI config; slowing down", {
      file: this.#chainFile,
      hint,
    });
  }

  #use(credential: PluginCredential): void {
    const { expires, source, shortcoming } = credential;
    if (shortcoming !== undefined && shortcoming !== this.#credential?.shortcoming) {
      this.log.logger.warn("no new token of the plugin's own", {
        error: shortcoming,
        meanwhile: source === "requested"
          ? "the older one works until it expires"
          : "this pod's token is used, which works only while this pod is there",
      });
    }
    this.#credential = credential;
    this.#refreshed = performance.now();
    if (Number.isFinite(expires)) {
      this.metrics.set("kuma_cni_token_expiry_timestamp_seconds", Math.round(expires / 1000));
    }
    this.metrics.set("kuma_cni_token_requested", source === "requested" ? 1 : 0);
  }

  #healedNow(what: string, started: number): void {
    this.metrics.add("kuma_cni_heals_total", { what });
    this.metrics.observe("kuma_cni_heal_duration_seconds", (performance.now() - started) / 1000);
  }

  #isVerified(): boolean {
    return this.#reason === "" && this.#verified !== undefined &&
      this.#verified === netMarks(this.settings, this.places, this.#chainFile) &&
      this.program.isVerified();
  }

  /** The net dir's marks, if what they stand for is right; undefined to look again. */
  #verifiedNet(): string | undefined {
    const marks = () => netMarks(this.settings, this.places, this.#chainFile);
    const before = marks();
    const isRight = look(this.settings, this.places, this.#wanted).plan.action === "keep";
    return isRight && marks() === before ? before : undefined;
  }

  #tell(state: (typeof CONFIG_STATES)[number]): void {
    for (const one of CONFIG_STATES) {
      this.metrics.set("kuma_cni_config_state", one === state ? 1 : 0, { state: one });
    }
    this.metrics.set("kuma_cni_install_ready", state === "chained" ? 1 : 0);
  }
}

function fileOf(plan: { action: string; file?: string; reason?: string }): { file?: string } {
  return plan.file === undefined ? {} : { file: plan.file };
}

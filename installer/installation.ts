/**
 * The installation on this node: what it needs, putting it in place, putting it back.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import type { LogLevel } from "core/log/logger.ts";
import { Chaining } from "./chaining.ts";
import { ownCredential, type PluginCredential, pluginCredential } from "./credentials.ts";
import { type ConflistEntry, makeEntry, ownPod, withLevel } from "./netdir/entry.ts";
import { HostProgram } from "./program/host_program.ts";
import { ensureKubeconfig, kubeconfigText, serverUrl } from "./kubeconfig.ts";
import type { Log } from "./report/log.ts";
import { look } from "./netdir/look.ts";
import { netMarks } from "./netdir/marks.ts";
import type { Metrics } from "./report/metrics.ts";
import type { Places } from "./program/places.ts";
import { hostBinDir } from "./program.ts";
import type { Settings } from "./settings/settings.ts";
import { type InstallState, reasonOf, STATE_KINDS, unverified } from "./state.ts";
import { claimsOf } from "./token.ts";

/** Everything about one installation. All file work in it is done while the turn is held. */
export class Installation {
  #entry: ConflistEntry | undefined;
  #credential: PluginCredential | undefined;
  #state: InstallState = { kind: "waiting", reason: "not installed yet" };
  #wasReady = false;
  #refreshing = false;
  #refreshed = -Infinity;
  #level: LogLevel | undefined;
  readonly #chaining: Chaining;
  /** The program's part. */
  readonly program: HostProgram;

  constructor(
    readonly settings: Settings,
    readonly places: Places,
    private readonly log: Log,
    private readonly metrics: Metrics,
    looking: typeof look = look,
  ) {
    this.#chaining = new Chaining(settings, places, log, metrics, looking);
    this.program = new HostProgram(settings, log.logger);
    // Said explicitly, the level is for the plugin as well; else the entry's own counts.
    if (settings.logLevel !== "info") this.#level = settings.logLevel;
    this.#become(this.#state);
  }

  /** Where it is. */
  get state(): InstallState {
    return this.#state;
  }

  /** Folders beside the net dir in which configs lie, by links of the net dir. */
  get linkedFolders(): readonly string[] {
    return this.#chaining.linked;
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
    const reason = reasonOf(this.#state);
    if (reason !== "") return { ready: false, reason };
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
    const { state, written, pause } = this.#chaining.round(this.#wanted, this.#state);
    if (written > 0) healed.push("chain");
    if (this.#wasReady) { for (const what of healed) this.#healedNow(what, started); }
    this.#become(state);
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
      this.#become(unverified(this.#state));
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
    this.#become(unverified(this.#state));
  }

  /** A round has failed: not ready until the next one says so. */
  markBroken(reason: string): void {
    this.metrics.add("kuma_cni_heal_failures_total");
    this.#become({ kind: "broken", reason });
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
    const state = this.#state;
    return state.kind === "chained" && state.marks !== undefined &&
      state.marks === netMarks(this.settings, this.places, state.file) &&
      this.program.isVerified();
  }

  #become(state: InstallState): void {
    this.#state = state;
    if (state.kind === "chained") this.#wasReady = true;
    for (const kind of STATE_KINDS) {
      this.metrics.set("kuma_cni_config_state", kind === state.kind ? 1 : 0, { state: kind });
    }
    this.metrics.set("kuma_cni_install_ready", state.kind === "chained" ? 1 : 0);
  }
}

/**
 * A plugin whose ADD is answered: the compiled program in front, and the installer's own server in this process.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { PodArgs } from "core/cni/pod_args.ts";
import { QUICK_ADD_SOCKET } from "core/cni/quick_add.ts";
import { createLogger, type LogRecord } from "core/log/record.ts";
import { PluginPods } from "../../installer/quick_add/pods.ts";
import { QuickAddServer } from "../../installer/quick_add/serve.ts";
import { Metrics } from "../../installer/report/metrics.ts";
import type { Log } from "../../installer/report/log.ts";
import { CniSandbox, podObject, type SandboxOptions } from "../faults/cni_sandbox.ts";
import { type Answer, MisbehavingApi } from "../faults/misbehaving_api.ts";
import { must, waitUntil } from "../support/processes.ts";
import { InstalledPlugin } from "./plugin.ts";

const TRIES = 20;

/** Plugin, server and API server; sandboxes are made as they are needed. Gone when disposed of. */
export class QuickAddLab implements AsyncDisposable {
  readonly metrics = new Metrics();
  readonly lines: LogRecord[] = [];
  readonly socket: string;
  readonly #pods = new Map<string, PluginPods>();
  #server: QuickAddServer | undefined;

  private constructor(readonly plugin: InstalledPlugin, readonly api: MisbehavingApi) {
    this.socket = `${plugin.binDir}/${QUICK_ADD_SOCKET}`;
  }

  /** Starts both servers; without an answer of yours, each pod is an injected one with these annotations. */
  static async create(
    annotations: Readonly<Record<string, string>> = {},
    answer: Answer = () => Response.json(podObject({ ...annotations })),
  ): Promise<QuickAddLab> {
    const lab = new QuickAddLab(InstalledPlugin.create(), await MisbehavingApi.create(answer));
    lab.listen();
    return lab;
  }

  /** Begins to answer, where that was ended. */
  listen(): void {
    this.deafen();
    const keep = (record: LogRecord) => void this.lines.push(record);
    const logger = createLogger({ name: "install-cni", level: "debug", sink: keep });
    const log: Log = { level: "debug", logger, forward: keep };
    const read = (pod: PodArgs, kubeconfig: string) => this.#podsOf(kubeconfig).read(pod);
    this.#server = new QuickAddServer(read, log, this.metrics);
    this.#server.listenIn([this.plugin.binDir]);
  }

  /** Ends it. */
  deafen(): void {
    this.#server?.[Symbol.dispose]();
    this.#server = undefined;
  }

  /** A pod's namespace, whose plugin chooses what it writes rules with. */
  async sandbox(options: SandboxOptions = {}): Promise<CniSandbox> {
    const sandbox = await CniSandbox.create(this.plugin, { firewallBackend: "auto", ...options });
    sandbox.connect(this.api);
    return sandbox;
  }

  /** How many ADDs ended so, or at all. */
  ended(outcome = "[a-z_]+"): number {
    const line = new RegExp(`^kuma_cni_quick_adds_total\\{outcome="${outcome}"\\} (\\d+)$`, "gm");
    return [...this.metrics.page().matchAll(line)].reduce((sum, [, n]) => sum + Number(n), 0);
  }

  /**
   * Tries until an ADD ends so: on a machine that is busy, an answer may come too late, and the program does it then.
   *
   * @param attempt makes one ADD, in a namespace of its own
   */
  async quick<T>(outcome: string, attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1;; tries += 1) {
      const before = this.ended(outcome), all = this.ended();
      const result = await attempt();
      await waitUntil("the outcome", () => this.ended() > all);
      if (this.ended(outcome) > before) return result;
      assert.ok(
        tries < TRIES,
        `none of ${TRIES} ADDs ended as ${outcome}:\n${this.metrics.page()}`,
      );
    }
  }

  #podsOf(kubeconfig: string): PluginPods {
    let pods = this.#pods.get(kubeconfig);
    if (pods === undefined) this.#pods.set(kubeconfig, pods = new PluginPods(kubeconfig));
    return pods;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.deafen();
    for (const pods of this.#pods.values()) pods[Symbol.dispose]();
    this.plugin[Symbol.dispose]();
    await this.api[Symbol.asyncDispose]();
  }
}

/** All that nf_tables holds in a namespace, and the addresses of its loopback interface. */
export async function held(sandbox: CniSandbox): Promise<string> {
  const within = (...words: string[]) => must("ip", ["netns", "exec", sandbox.name, ...words]);
  const rules = await within("nft", "list", "ruleset");
  return rules.replaceAll(/counter packets \d+ bytes \d+/g, "counter") +
    (await within("ip", "-o", "addr", "show", "dev", "lo")).replaceAll(/valid_lft .*/g, "");
}

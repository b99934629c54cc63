/**
 * Calls of `iptables-restore`: rules on standard input, and the flags for the lock of legacy iptables. Programs
 * that a person named get the rules as a file whose name is the last argument, as Kuma 2.9 gives them: a script
 * may look at it before it hands it on.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { withMemoryFile } from "../memory_file.ts";
import type { RunOptions } from "../run.ts";
import { delay } from "core/time/clock.ts";
import { Children, failureText } from "./children.ts";
import type { ToolFinder, Tools } from "./tools.ts";
import { isAtLeast } from "./version.ts";

/** How the lock of legacy iptables is waited for, and failed calls are repeated. */
export interface Patience {
  /** Seconds; 0 gives no flag. */
  readonly wait: number;
  /** Microseconds; 0 gives no flag. */
  readonly waitInterval: number;
  /** Tries after the first. */
  readonly maxRetries: number;
  /** Milliseconds. */
  readonly sleepBetweenRetries: number;
}

/** What came of one call. */
export type RestoreOutcome =
  | { readonly kind: "ok" }
  | Failure;

/** A call that did not do it. */
export interface Failure {
  readonly kind: "locked" | "failed";
  readonly reason: string;
}

/** Runs the restore programs of one operation. */
export class Restorer {
  readonly children: Children;
  readonly patience: Patience;
  readonly #finder: ToolFinder;
  readonly #lockFile: string | undefined;

  /** @param lockFile what legacy iptables locks in place of /run/xtables.lock */
  constructor(children: Children, finder: ToolFinder, patience: Patience, lockFile?: string) {
    this.children = children;
    this.patience = patience;
    this.#finder = finder;
    this.#lockFile = lockFile;
  }

  /** The same with another signal, or none: for putting things back after the caller's fired. */
  stoppedBy(signal: AbortSignal | undefined): Restorer {
    return new Restorer(new Children({ signal }), this.#finder, this.patience, this.#lockFile);
  }

  /** The command as it is shown to a person; `options` come ahead of `--noflush`. */
  async argv(tools: Tools, options: readonly string[] = []): Promise<[string, ...string[]]> {
    return [tools.restore, ...await this.#waitFlags(tools), ...options, "--noflush"];
  }

  /** Feeds rules once. */
  async call(tools: Tools, text: string, options: readonly string[] = []): Promise<RestoreOutcome> {
    const argv = await this.argv(tools, options);
    const child: RunOptions = { asNetnsOwner: true, ...await this.#environment(tools) };
    const result = tools.custom
      ? await withMemoryFile(
        `${tools.family}-rules`,
        text,
        (path) => this.children.run([...argv, path], child),
      )
      : await this.children.run(argv, { stdin: text, ...child });
    if (result.code === 0 && result.signal === null) return { kind: "ok" };
    // Exit code 4, RESOURCE_PROBLEM, has other causes too: only the words tell the lock.
    const locked = /xtables lock|holding the lock/i.test(result.stderr);
    return { kind: locked ? "locked" : "failed", reason: failureText(result) };
  }

  /**
   * Lets the program check rules without applying them; repeats it while another program has the lock.
   *
   * @throws {KumaError} `KUMA-TP-206` the lock stays taken.
   */
  async test(tools: Tools, text: string, logger: Logger): Promise<RestoreOutcome> {
    for (let attempt = 1;; attempt++) {
      const outcome = await this.call(tools, text, ["--test"]);
      if (outcome.kind === "ok") return outcome;
      // iptables-nft-restore of Ubuntu 20.04 crashes when it tests several tables, and applies them well.
      if (/segmentation fault|killed by SIGSEGV/i.test(outcome.reason)) {
        logger.warn(`${tools.restore} --test crashed; going on without it`, {
          family: tools.family,
        });
        return { kind: "ok" };
      }
      if (outcome.kind === "failed") return outcome;
      await this.pauseOrGiveUp(tools, attempt, outcome, logger);
    }
  }

  /**
   * Reports a failed try and waits for the next; throws what {@linkcode gaveUp} gives after the last, and at once
   * where another try cannot pass either. An abort meanwhile throws its reason, with this failure's beside it.
   */
  async pauseOrGiveUp(
    tools: Tools,
    attempt: number,
    outcome: Failure,
    logger: Logger,
    retries = this.patience.maxRetries,
  ): Promise<void> {
    const total = retries + 1;
    const fields = {
      family: tools.family,
      ...(total > 1 ? { attempt: `${attempt}/${total}` } : {}),
    };
    logger.error(`restoring failed: ${outcome.reason}`, fields);
    if (attempt >= total || isFinal(outcome)) throw gaveUp(tools, outcome);
    const ms = this.patience.sleepBetweenRetries;
    logger.info(`will try again in ${ms} ms`, fields);
    try {
      await delay(ms, { signal: this.children.signal });
      this.children.signal?.throwIfAborted();
    } catch (reason) {
      throw withLastFailure(reason, outcome);
    }
  }

  async #waitFlags(tools: Tools): Promise<string[]> {
    const { wait, waitInterval } = this.patience;
    if (tools.flavour === "nft" || tools.custom || (wait === 0 && waitInterval === 0)) return [];
    // Older builds do not know the flags and would fail every time.
    if (!isAtLeast(await this.#finder.version(tools), [1, 6, 2])) return [];
    return [
      ...(wait > 0 ? [`--wait=${wait}`] : []),
      ...(waitInterval > 0 ? [`--wait-interval=${waitInterval}`] : []),
    ];
  }

  async #environment(tools: Tools): Promise<{ env?: Record<string, string>; clearEnv?: boolean }> {
    if (this.#lockFile === undefined || tools.flavour !== "legacy") return {};
    if (!isAtLeast(await this.#finder.version(tools), [1, 8, 6])) return {};
    return { env: { XTABLES_LOCKFILE: this.#lockFile }, clearEnv: true };
  }
}

/**
 * Whether the kernel said what does not change by asking again: it lacks what a rule needs, a chain of others is
 * in the way (`CHAIN_ADD failed (Operation not supported)`), or this process may not. Likewise where the program
 * itself does not know an extension or an option. "No such file or directory" is not among them: so the kernel also
 * answers where another program took a chain away in this moment.
 */
function isFinal({ kind, reason }: Failure): boolean {
  return kind === "failed" && FINAL.test(reason);
}

const FINAL = new RegExp(
  [
    "operation not (?:supported|permitted)",
    "protocol not (?:supported|available)",
    "invalid argument",
    "no chain/target/match by that name",
    "couldn't load (?:match|target)",
    "(?:unknown|unrecognized) option",
    "bad argument",
    "table does not exist",
  ].join("|"),
  "i",
);

/**
 * What ended the tries, with the failure that they were made for: whoever reads of a limit of time has to learn
 * what took it.
 */
export function withLastFailure(thrown: unknown, last: Failure | undefined): unknown {
  if (last === undefined || !(thrown instanceof KumaError)) return thrown;
  return new KumaError(thrown.code, `${thrown.message}; the last try failed: ${last.reason}`, {
    cause: thrown,
    ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
  });
}

/** The error after the last try. */
export function gaveUp(tools: Tools, outcome: Failure): KumaError {
  const what = tools.family === "ipv4" ? "iptables" : "ip6tables";
  if (outcome.kind === "locked") {
    return new KumaError(
      "KUMA-TP-206",
      `unable to restore ${what} rules: another program holds the xtables lock: ${outcome.reason}`,
      { hint: "nothing was changed; run the command again, or give it more time with --wait" },
    );
  }
  return new KumaError(
    "KUMA-TP-205",
    `unable to restore ${what} rules: ${tools.restore} failed: ${outcome.reason}`,
  );
}

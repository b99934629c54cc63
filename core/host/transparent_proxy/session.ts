/**
 * What install, uninstall and check share: options with their defaults, the sandbox, the finder.
 *
 * @module
 */
import { type Logger, silentLogger } from "core/log/logger.ts";
import type { TransparentProxyConfig } from "core/proxy/config.ts";
import { Children } from "../firewall/children.ts";
import type { Patience } from "../firewall/restore.ts";
import { currentPrivileges } from "../privileges.ts";
import type { HostOptions } from "./options.ts";
import { HERE, type Place } from "./place.ts";

/** One operation at work. */
export interface Session {
  readonly logger: Logger;
  /** The namespace that is planned for. */
  readonly place: Place;
  /** Where what is fed to iptables, and dry runs, are shown; undefined shows nobody anything. */
  readonly print: ((text: string) => void) | undefined;
  readonly dryRun: boolean;
  /** A dry run of somebody who may not look at the firewall: it shows what a host without any extras would get. */
  readonly blind: boolean;
  readonly children: Children;
  /** Stands for one look at what iptables lists (`programs.ts`): another one is another look. */
  readonly sight: object;
  /** PATH for the search of programs. */
  readonly path: string;
  readonly patience: Patience;
  /** What legacy iptables locks in place of /run/xtables.lock. */
  readonly lockFile: string | undefined;
  /** Whether iptables is asked for what its rules have counted. */
  readonly counters: boolean;
  /** Ends a phase: gives the milliseconds since the last one a name. */
  readonly lap: (phase: string) => void;
  readonly durations: Record<string, number>;
}

/** Whether this process is in the sandbox already: it is entered once and never left. */
let sandboxed = false;

/** Sets up an operation; children run in the sandbox from here on. */
export function openSession(
  options: HostOptions,
  patience: Patience,
  dryRun: boolean,
): Session {
  const logger = options.logger ?? silentLogger;
  const children = new Children({
    signal: options.signal,
    beforeFirst: async () => {
      options.beforePrograms?.();
      if (options.sandbox ?? options.netnsPath === undefined) await enterSandbox(logger);
    },
    ...(options.run && { run: options.run }),
  });
  const durations: Record<string, number> = {};
  let last = performance.now();
  return {
    logger,
    place: options.place ?? HERE,
    print: options.print,
    dryRun,
    blind: dryRun && !currentPrivileges().has("CAP_NET_ADMIN"),
    children,
    sight: {},
    path: options.path ?? Deno.env.get("PATH") ?? "",
    patience,
    lockFile: options.netnsPath,
    counters: options.counters ?? false,
    durations,
    lap(phase) {
      const now = performance.now();
      durations[phase] = now - last;
      last = now;
    },
  };
}

/** The same operation, which looks at the firewall anew. */
export function again(session: Session): Session {
  return { ...session, sight: {} };
}

/** How long a configuration waits. */
export function patienceOf(config: TransparentProxyConfig): Patience {
  const { wait, waitInterval, retry } = config;
  return { wait, waitInterval, ...retry };
}

async function enterSandbox(logger: Logger): Promise<void> {
  // A container's init has no CAP_SYS_ADMIN and, having its own files, no slow name service either.
  if (sandboxed || !currentPrivileges().has("CAP_SYS_ADMIN")) return;
  sandboxed = true;
  const { enterMountSandbox } = await import("../mount_sandbox.ts");
  const outcome = enterMountSandbox();
  if (!outcome.ok) {
    logger.warn(`iptables runs without a mount namespace of its own: ${outcome.reason}`);
  }
}

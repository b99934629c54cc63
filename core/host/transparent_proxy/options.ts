/**
 * What the operations on the transparent proxy may be told, and what they report.
 *
 * @module
 */
import type { Logger } from "core/log/logger.ts";
import type { FirewallBackend } from "core/proxy/config.ts";
import type { Family } from "core/proxy/resolved.ts";

import type { Flavour } from "../firewall/version.ts";
import type { run } from "../run.ts";
import type { HostChange } from "./host_change.ts";
import type { Place } from "./place.ts";

/** Files of the host, other ones in tests. */
export interface HostPaths {
  readonly passwd?: string;
  readonly journal?: string;
  readonly directXml?: string;
  readonly resolvConf?: string;
}

/** What every operation may be told. */
export interface HostOptions {
  /** One line an event; fields `family` and `attempt` belong to the line's head. */
  readonly logger?: Logger;
  /** Takes text for standard output as it is: rules, a dry run's result. */
  readonly print?: (text: string) => void;
  /** Change nothing, print what would be. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /**
   * Path of the netns in which we are: the caller entered it (and the mount sandbox), and legacy iptables
   * locks it in place of the host's lock. Nothing is journalled then, as nothing outlives a pod.
   */
  readonly netnsPath?: string;
  /** Cover nsswitch.conf before children run. Default: yes, unless `netnsPath` is given. */
  readonly sandbox?: boolean;
  /** The namespace that is planned for. Default: the one in which we are. */
  readonly place?: Place;
  /** PATH for the search of programs; the environment's own by default. */
  readonly path?: string;
  readonly paths?: HostPaths;
  /** Called once, before the first program is started. */
  readonly beforePrograms?: () => void;
  /** UID of the sidecar, which is not looked up then. */
  readonly uid?: number;
  /** Ask iptables for what its rules have counted. */
  readonly counters?: boolean;
  /** Starts programs; replaced in tests. */
  readonly run?: typeof run;
}

/** What an installation may be told beside. */
export interface InstallOptions extends HostOptions {
  /**
   * Let iptables check the rules of all families before the first is applied. Default: with legacy
   * iptables outside of CNI mode. Without it a refusal is put right afterwards, by another run with it.
   */
  readonly test?: boolean;
  /** Apply the families at once. Default: in CNI mode. */
  readonly parallelFamilies?: boolean;
  /** Where the settings come from that are no defaults, by key: for the record that `kumactl status` reads. */
  readonly sources?: Readonly<Record<string, string>>;
  /** Read the rules back and compare them. */
  readonly verify?: boolean;
  /** Ends putting back after a failure. Default: nothing does but each program's own limit. */
  readonly putBackSignal?: AbortSignal;
}

/** What a removal may be told beside. */
export interface UninstallOptions extends HostOptions {
  /** Long option names in what is printed. */
  readonly verbose?: boolean;
  /** The eBPF mode is removed: resolv.conf is left alone. */
  readonly ebpf?: boolean;
}

/** What an operation found and did. */
export interface HostReport {
  /** Whether anything on the host is different now (in a dry run: would be). */
  readonly changed: boolean;
  /** What a dry run says would be different, thing by thing; empty after a run that is none. */
  readonly changes: readonly HostChange[];
  /** What the rules were written with. */
  readonly backend: Exclude<FirewallBackend, "auto">;
  /** Undefined where no iptables was needed or found. */
  readonly flavour: Flavour | undefined;
  /** Families that have our rules now. */
  readonly families: readonly Family[];
  /** Why IPv6 has no rules, in words. */
  readonly ipv6Skipped: string | undefined;
  /** Restore programs that were used, by family. */
  readonly executables: Partial<Readonly<Record<Family, string>>>;
  /** Servers of resolv.conf whose traffic is redirected, by family. */
  readonly dnsServers: Partial<Readonly<Record<Family, readonly string[]>>>;
  /** Tables that were changed, as `ipv4 nat`. */
  readonly tables: readonly string[];
  /** Programs that were started. */
  readonly children: number;
  /** Rules of others that keep packets from ours, a line each. */
  readonly bypasses: readonly string[];
  /** Milliseconds by phase. */
  readonly durations: Readonly<Record<string, number>>;
}

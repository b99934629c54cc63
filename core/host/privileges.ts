/**
 * What this process may do, asked before it starts to change something.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { readProcFile } from "./proc.ts";

/** Capability numbers of <linux/capability.h>. */
const CAPABILITIES = {
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_ADMIN: 21,
  CAP_SYS_RESOURCE: 24,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;
/** Name of one of {@linkcode CAPABILITIES}. */
export type Capability = keyof typeof CAPABILITIES;

/** Effective user and capabilities of a process. */
export interface Privileges {
  readonly effectiveUid: number;
  /** Whether the capability is in the effective set. */
  has(capability: Capability): boolean;
}

/**
 * Reads the text of /proc/PID/status (proc_pid_status(5): `Uid:` real effective saved fs, `CapEff:` hex).
 *
 * @throws {KumaError} `KUMA-HOST-140` either line is missing.
 */
export function parsePrivileges(status: string): Privileges {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1];
  const mask = /^CapEff:\s+([0-9a-fA-F]+)$/m.exec(status)?.[1];
  if (uid === undefined || mask === undefined) {
    throw new KumaError("KUMA-HOST-140", "/proc/self/status shows no Uid or no CapEff line", {
      hint: "mount procfs at /proc",
    });
  }
  const effective = BigInt(`0x${mask}`);
  return {
    effectiveUid: Number(uid),
    has: (capability) => ((effective >> BigInt(CAPABILITIES[capability])) & 1n) === 1n,
  };
}

/** Privileges of the calling thread. */
export function currentPrivileges(): Privileges {
  return parsePrivileges(readProcFile("/proc/thread-self/status"));
}

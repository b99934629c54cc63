/**
 * What this process may do, asked before it starts to change something.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { effectiveUserId, errnoText } from "./libc.ts";
import { systemCalls } from "./system_call.ts";

const kernel = systemCalls({ capget: ["buffer", "buffer"] });

/** `_LINUX_CAPABILITY_VERSION_3` of <linux/capability.h>: since Linux 2.6.26. */
const CAPABILITY_VERSION = 0x20080522;

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

/** Privileges of a user with the capabilities of this mask, the lowest bit being number 0. */
export function privilegesOf(effectiveUid: number, effective: bigint): Privileges {
  return {
    effectiveUid,
    has: (capability) => ((effective >> BigInt(CAPABILITIES[capability])) & 1n) === 1n,
  };
}

/**
 * Privileges of the main thread: geteuid(2) and capget(2).
 *
 * @throws {KumaError} `KUMA-HOST-140` the kernel does not tell.
 */
export function currentPrivileges(): Privileges {
  // struct __user_cap_header_struct: the version, and 0 for the calling thread.
  const head = new Uint32Array([CAPABILITY_VERSION, 0]);
  // Two of struct __user_cap_data_struct: effective, permitted and inheritable of the lower and of the upper half.
  const sets = new Uint32Array(6);
  const result = kernel.capget(head, sets);
  if (result < 0) {
    throw new KumaError(
      "KUMA-HOST-140",
      `the kernel does not tell the capabilities of this process: ${errnoText(result)}`,
      { hint: "allow the system call capget, which a seccomp profile may forbid" },
    );
  }
  const [lower = 0, , , upper = 0] = sets;
  return privilegesOf(effectiveUserId(), BigInt(upper) << 32n | BigInt(lower));
}

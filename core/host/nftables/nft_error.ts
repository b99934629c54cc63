import { KumaError } from "core/errors.ts";

/** EPERM and EACCES: the question is not this process's to ask. */
const NOT_PERMITTED: readonly number[] = [1, 13];
/** How kernels answer that know no nf_tables, or no family inet: EINVAL, EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT. */
const NO_NF_TABLES: readonly number[] = [22, 93, 95, 97];

/** A question that the kernel answered with an error, or a socket that it did not give. */
export class NftError extends KumaError {
  /** Positive errno. */
  readonly errno: number;

  /** @param words the errno in words, with the kernel's own where it has some */
  constructor(errno: number, words: string) {
    super("KUMA-TP-210", `Cannot ask the kernel for its nftables: ${words}`);
    this.errno = errno;
  }
}

/** Whether the error says that this kernel has no nf_tables, so that nothing can be in them. */
export function saysNoNfTables(error: unknown): boolean {
  return error instanceof NftError && NO_NF_TABLES.includes(error.errno);
}

/** Whether the error says that this process may not ask, whatever there is. */
export function saysNotPermitted(error: unknown): error is NftError {
  return error instanceof NftError && NOT_PERMITTED.includes(error.errno);
}

/**
 * Whether the error is this host's last word: it has no nf_tables, or this process may not ask. Any other
 * (no answer, no descriptor left, no memory) says nothing about what is there.
 */
export function saysNeverNfTables(error: unknown): error is NftError {
  return saysNoNfTables(error) || saysNotPermitted(error);
}

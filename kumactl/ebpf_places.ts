import { isAbsence, lookFor } from "core/host/libc.ts";
import { DEFAULT_BPFFS_PATH } from "core/proxy/config.ts";

/**
 * Folders in which something of our eBPF programs is pinned, so that libbpf is opened for no host without.
 *
 * @param bpffs where it may be, beside the usual place
 */
export function ebpfPlaces(bpffs: string): string[] {
  return [...new Set([bpffs, DEFAULT_BPFFS_PATH])].filter(hasPins);
}

function hasPins(folder: string): boolean {
  if (isAbsence(lookFor(folder))) return false;
  return Array.from(Deno.readDirSync(folder)).some(({ name }) => name === "kuma");
}

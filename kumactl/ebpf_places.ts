import { defaultConfig } from "core/proxy/config.ts";

/**
 * Folders in which something of our eBPF programs is pinned, so that libbpf is opened for no host without.
 *
 * @param bpffs where it may be, beside the usual place
 */
export function ebpfPlaces(bpffs: string): string[] {
  return [...new Set([bpffs, defaultConfig().ebpf.bpffsPath])].filter(hasPins);
}

function hasPins(folder: string): boolean {
  try {
    return Array.from(Deno.readDirSync(folder)).some(({ name }) => name === "kuma");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

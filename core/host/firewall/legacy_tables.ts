import type { Family } from "core/proxy/resolved.ts";
import { readProcFileIfThere } from "../proc.ts";

/**
 * Names of the legacy tables that exist in this netns; undefined where the kernel does not let us know.
 * Asking the kernel's list keeps us from running iptables-legacy-save where there is nothing to see.
 */
export function legacyTables(family: Family): string[] | undefined {
  const name = family === "ipv4" ? "ip_tables_names" : "ip6_tables_names";
  try {
    // Where the module is not loaded there is no such file.
    const text = readProcFileIfThere(`/proc/thread-self/net/${name}`) ?? "";
    return text.split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

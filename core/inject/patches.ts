/**
 * The ContainerPatches of a pod, found in the system namespace.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { NamedPatch } from "core/patch/container_patch.ts";
import type { Cluster } from "./context.ts";
import { quotedList } from "core/grammar/go_text.ts";

/** Looks every name up. Throws `KUMA-WH-011` with all the names that are missing. */
export function findPatches(names: readonly string[], cluster: Cluster): NamedPatch[] {
  const found: NamedPatch[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const object = cluster.containerPatch(name);
    if (object === undefined) missing.push(name);
    else found.push({ name, object });
  }
  if (missing.length === 0) return found;
  throw new KumaError(
    "KUMA-WH-011",
    `it appears some expected container patches are missing: ${quotedList(missing)}`,
  );
}

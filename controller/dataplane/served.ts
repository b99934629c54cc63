/**
 * Kinds that come later: their definition is installed while we run.
 *
 * @module
 */
import type { InformerStatus } from "core/cluster/informer_options.ts";

/**
 * Calls `again` each time that a kind is listed after it was not served: an empty list changes nothing and so tells
 * nobody. Ends with the signal.
 */
export async function whenServed(
  informer: InformerStatus,
  again: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if (!await informer.until(() => informer.unserved, signal)) return;
    again();
    if (!await informer.until(() => informer.synced && !informer.unserved, signal)) return;
    again();
  }
}

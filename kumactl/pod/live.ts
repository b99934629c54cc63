/**
 * A pod of a cluster, explained.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import type { PodExplanation } from "./document.ts";
import { explained } from "./explained.ts";
import { explainInjection } from "./injection.ts";
import { lookAtPod, type PodName } from "./look.ts";

/** Explains it. Throws as {@linkcode lookAtPod}. */
export async function explainLive(client: KubeClient, name: PodName): Promise<PodExplanation> {
  const subject = await lookAtPod(client, name);
  const { part, problems } = await explainInjection(subject);
  return await explained(subject, { source: "cluster", part, problems, warnings: [] });
}

/**
 * `kumactl check --kubernetes`: whether a cluster's mesh plumbing works.
 *
 * @module
 */
import type { Section } from "core/check/run.ts";
import type { KubeClient } from "core/cluster/client.ts";
import { KumaError } from "core/errors.ts";
import { ApiError } from "core/kube/api_error.ts";
import { injectorSection } from "./injector.ts";
import { nodesSection } from "./nodes.ts";
import { podsSection } from "./pods.ts";
import { programsSection } from "./programs.ts";
import { clusterSubject } from "./subject.ts";

/** A server that does not answer this within so long, answers nothing. */
const ANSWER_MS = 10_000;

/**
 * The sections of one look.
 *
 * @throws {KumaError} `KUMA-HOST-160`, `-161` no cluster answers, `KUMA-CP-011` it does not know who asks: then nothing
 *   can be found out, and each check would only say so again.
 */
export async function clusterSections(client: KubeClient): Promise<Section[]> {
  await answers(client);
  const subject = clusterSubject(client);
  return [
    injectorSection(subject),
    programsSection(subject),
    nodesSection(subject),
    podsSection(subject),
  ];
}

async function answers(client: KubeClient): Promise<void> {
  try {
    await client.json("/version", { signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (thrown) {
    if (thrown instanceof ApiError) {
      // It answers, whatever it says; but for this, somebody may look at something.
      if (thrown.status !== 401) return;
      throw new KumaError("KUMA-CP-011", "the API server does not know who asks (401)", {
        cause: thrown,
      });
    }
    if (thrown instanceof KumaError) throw thrown;
    throw new KumaError(
      "KUMA-HOST-160",
      `the API server does not answer within ${ANSWER_MS / 1000} s`,
      {
        cause: thrown,
      },
    );
  }
}

/**
 * Why pods of the CNI are not ready, in their own words: `/readyz` through the API server's proxy.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import { oneLine } from "core/errors.ts";
import type { InstallerPod } from "../../pod/subject.ts";

/** Pods that are asked at most, and how long each may take. */
const MOST = 10;
const TIMEOUT_MS = 3000;
const LONGEST = 300;

/** Asks the first of them; undefined for one that says nothing, or may not be asked. */
export async function whyNotReady(
  client: Pick<KubeClient, "request">,
  pods: readonly InstallerPod[],
): Promise<(string | undefined)[]> {
  return await Promise.all(pods.slice(0, MOST).map((pod) => ask(client, pod)));
}

async function ask(
  client: Pick<KubeClient, "request">,
  { name: pod, readiness }: InstallerPod,
): Promise<string | undefined> {
  if (readiness === undefined) return undefined;
  const [namespace = "", name = ""] = pod.split("/").map(encodeURIComponent);
  const { port, path: page } = readiness;
  const path = `/api/v1/namespaces/${namespace}/pods/http:${name}:${port}/proxy${page}`;
  try {
    const { status, text } = await client.request("GET", path, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // The page is 503 with its reasons; what is JSON are the API server's own words: nobody was reached.
    if (status !== 503 || text.startsWith("{")) return undefined;
    // Of our page the lines of what fails, of others' all of it.
    const failing = text.split("\n").filter((line) => line.startsWith("[-]"));
    const words = failing.length > 0 ? failing.map((line) => line.slice(3)).join("; ") : text;
    return oneLine(words).slice(0, LONGEST) || undefined;
  } catch {
    // It only says more about what is known to be wrong.
    return undefined;
  }
}

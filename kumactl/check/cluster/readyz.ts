/**
 * Why pods of the CNI are not ready, in their own words: `/readyz` through the API server's proxy.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import { oneLine } from "core/errors.ts";
import type { InstallerPod } from "../../pod/subject.ts";

/** The installer's port, here and in Kuma's chart. */
const PORT = 8000;
/** Pods that are asked at most, and how long each may take. */
const MOST = 10;
const TIMEOUT_MS = 3000;
const LONGEST = 300;

/** Asks the first of them; undefined for one that says nothing, or may not be asked. */
export async function whyNotReady(
  client: Pick<KubeClient, "request">,
  pods: readonly InstallerPod[],
): Promise<(string | undefined)[]> {
  return await Promise.all(pods.slice(0, MOST).map(({ name }) => ask(client, name)));
}

async function ask(client: Pick<KubeClient, "request">, pod: string): Promise<string | undefined> {
  const [namespace = "", name = ""] = pod.split("/").map(encodeURIComponent);
  const path = `/api/v1/namespaces/${namespace}/pods/http:${name}:${PORT}/proxy/readyz`;
  try {
    const { status, text } = await client.request("GET", path, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // The page is 503 with its reasons; what is JSON are the API server's own words: nobody was reached.
    if (status !== 503 || text.startsWith("{")) return undefined;
    return oneLine(text).slice(0, LONGEST) || undefined;
  } catch {
    // It only says more about what is known to be wrong.
    return undefined;
  }
}

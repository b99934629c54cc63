/**
 * Why this program is being stopped: because it is replaced, or because it is to go for good.
 *
 * Only the DaemonSet object knows: kubelet sends the same SIGTERM for a rolling update, a drain, a reboot and
 * an uninstall.
 *
 * @module
 */
import { errorText } from "core/errors.ts";
import { ask, path } from "./api.ts";
import { ownCredential } from "./credentials.ts";
import { serverUrl } from "./kubeconfig.ts";
import type { Settings } from "./settings/settings.ts";
import { claimsOf } from "./token.ts";
import { targets } from "./netdir/targets.ts";

/** What to do at the end, and why. */
export interface Ending {
  readonly remove: boolean;
  readonly reason: string;
}

type Ask = (path: string) => Promise<{ status: number; body: Readonly<Record<string, unknown>> }>;

/**
 * Decides. Gone, going, not for this node, or unauthorised (its account was deleted with it): remove.
 * Anything unclear: keep, since a chain that points to a working plugin harms nobody, while pods
 * without redirection do.
 */
export async function decideEnding(settings: Settings): Promise<Ending> {
  if (settings.onExit !== "auto") {
    return { remove: settings.onExit === "remove", reason: `CNI_ON_EXIT=${settings.onExit}` };
  }
  try {
    const own = ownCredential(settings);
    const server = serverUrl(settings.api);
    return await judgeDaemonSet(settings, own.token, (path) => ask(server, own, path));
  } catch (error) {
    return { remove: false, reason: errorText(error) };
  }
}

/** {@linkcode decideEnding} with the API as a function. */
export async function judgeDaemonSet(
  settings: Pick<Settings, "pod" | "daemonSet">,
  token: string,
  get: Ask,
): Promise<Ending> {
  const claims = claimsOf(token);
  const namespace = settings.pod.namespace || claims?.namespace || "";
  const pod = await ownPod(settings, namespace, claims?.pod, get);
  if (typeof pod === "object" && "remove" in pod) return pod;
  const name = settings.daemonSet || pod.daemonSet;
  if (name === "") return { remove: false, reason: "this pod belongs to no DaemonSet" };
  const answer = await get(path("/apis/apps/v1/namespaces", namespace, "daemonsets", name));
  const verdict = byStatus(answer.status, `DaemonSet ${namespace}/${name}`);
  if (verdict !== undefined) return verdict;
  const metadata = answer.body["metadata"] as { deletionTimestamp?: unknown } | undefined;
  if (metadata?.deletionTimestamp !== undefined) {
    return { remove: true, reason: `DaemonSet ${namespace}/${name} is being deleted` };
  }
  const node = settings.pod.node || claims?.node || pod.node;
  return node === ""
    ? { remove: false, reason: `DaemonSet ${namespace}/${name} is there` }
    : await judgeNode(answer.body, `DaemonSet ${namespace}/${name}`, node, get);
}

async function ownPod(
  settings: Pick<Settings, "pod" | "daemonSet">,
  namespace: string,
  fromToken: string | undefined,
  get: Ask,
): Promise<Ending | { daemonSet: string; node: string }> {
  const name = settings.pod.name || fromToken || "";
  if (settings.daemonSet !== "" || name === "") return { daemonSet: "", node: "" };
  const answer = await get(path("/api/v1/namespaces", namespace, "pods", name));
  // A pod that was force-deleted says nothing about its DaemonSet.
  if (answer.status === 404) return { remove: false, reason: "this pod is already deleted" };
  const verdict = byStatus(answer.status, `pod ${namespace}/${name}`);
  if (verdict !== undefined) return verdict;
  const { metadata, spec } = answer.body as {
    metadata?: { ownerReferences?: { kind?: string; name?: string }[] };
    spec?: { nodeName?: string };
  };
  const owner = metadata?.ownerReferences?.find((one) => one.kind === "DaemonSet");
  return { daemonSet: owner?.name ?? "", node: spec?.nodeName ?? "" };
}

async function judgeNode(
  daemonSet: Readonly<Record<string, unknown>>,
  called: string,
  node: string,
  get: Ask,
): Promise<Ending> {
  const answer = await get(path("/api/v1/nodes", node));
  if (answer.status !== 200) return { remove: false, reason: `${called} is there` };
  const { metadata } = answer.body as { metadata?: { labels?: Record<string, string> } };
  return targets(daemonSet, { name: node, labels: metadata?.labels ?? {} })
    ? { remove: false, reason: `${called} still has this node: it is being replaced` }
    : { remove: true, reason: `${called} no longer has this node` };
}

function byStatus(status: number, what: string): Ending | undefined {
  if (status === 200) return undefined;
  if (status === 404) return { remove: true, reason: `${what} is gone` };
  if (status === 401 || status === 403) {
    return { remove: true, reason: `the API server answers ${status} for ${what}: unauthorised` };
  }
  return { remove: false, reason: `the API server answers ${status} for ${what}` };
}

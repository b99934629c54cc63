/**
 * The CNI on a pod's node, and which pods its plugin leaves alone by name.
 *
 * @module
 */
import type { ClusterReader } from "core/cluster/reader.ts";
import { INSTALLER, viewInstaller } from "core/interception/cni_pod.ts";
import type { Exempt } from "core/interception/skip.ts";
import { isObject, type Json, type JsonObject, objectsIn, own } from "core/patch/json.ts";
import type { InstallerPod } from "./subject.ts";

/** The plugin's own defaults (Kuma 2.9 has the same). */
const NAMESPACE = "kube-system";
const PREFIX = "kuma-cni-node-";
/** Variable of the installer with the plugin's entry. */
const NETWORK_CONFIG = "CNI_NETWORK_CONFIG";

/** A pod of the CNI; undefined for any other. */
export function readInstaller(pod: JsonObject): InstallerPod | undefined {
  const view = viewInstaller(pod);
  if (view === undefined) return undefined;
  const { namespace, name } = isObject(pod.metadata) ? pod.metadata : {};
  const { containers } = isObject(pod.spec) ? pod.spec : {};
  const container = objectsIn(containers).find((one) => one.name === INSTALLER);
  const variable = objectsIn(container?.env).find((one) => one.name === NETWORK_CONFIG);
  const from = isObject(variable?.valueFrom) ? variable.valueFrom.configMapKeyRef : undefined;
  const { name: map, key } = isObject(from) ? from : {};
  return {
    ...view,
    name: `${String(namespace)}/${String(name)}`,
    ...(typeof map === "string" && typeof key === "string"
      ? { configuration: { namespace: String(namespace), map, key } }
      : {}),
    ...readinessOf(container ?? {}),
  };
}

/** Where the kubelet asks whether it is ready; its port may be a name. */
function readinessOf({ readinessProbe, ports }: JsonObject): Pick<InstallerPod, "readiness"> {
  const { httpGet } = isObject(readinessProbe) ? readinessProbe : {};
  const { path, port } = isObject(httpGet) ? httpGet : {};
  const number = typeof port === "number"
    ? port
    : objectsIn(ports).find(({ name }) => name === port)?.containerPort;
  return typeof path === "string" && typeof number === "number"
    ? { readiness: { path, port: number } }
    : {};
}

/** Which pods the plugin of these leaves alone by name; undefined where its configuration cannot be read. */
export async function exemptPods(
  reader: ClusterReader,
  pods: readonly InstallerPod[],
): Promise<Exempt | undefined> {
  const place = pods.find(({ configuration }) => configuration !== undefined)?.configuration;
  if (place === undefined) return undefined;
  const { namespace, map, key } = place;
  const part = encodeURIComponent;
  const found = await reader.get(`/api/v1/namespaces/${part(namespace)}/configmaps/${part(map)}`);
  if (found.is !== "found" || !isObject(found.value.data)) return undefined;
  return readExempt(own(found.value.data, key));
}

function readExempt(text: Json | undefined): Exempt | undefined {
  let entry: Json;
  try {
    entry = JSON.parse(String(text)) as Json;
  } catch {
    // The installer says what is wrong with it; here it is only not known.
    return undefined;
  }
  const { kubernetes } = isObject(entry) ? entry : {};
  if (!isObject(kubernetes)) return undefined;
  const { exclude_namespaces: excluded, cni_namespace, cni_pod_prefix } = kubernetes;
  return {
    excludeNamespaces: Array.isArray(excluded) ? excluded.map(String) : [],
    cniNamespace: typeof cni_namespace === "string" ? cni_namespace : NAMESPACE,
    cniPodPrefix: typeof cni_pod_prefix === "string" ? cni_pod_prefix : PREFIX,
  };
}

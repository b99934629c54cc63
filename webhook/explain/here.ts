/**
 * `kuma-webhook explain`: the explanation from the command line, with a cluster or without.
 *
 * @module
 */
import { silentLogger } from "core/log/logger.ts";
import { isObject, type Json } from "core/patch/json.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import { KubeClient, type KubeEndpoint } from "core/cluster/client.ts";
import { InformedCluster } from "../cluster/informed_cluster.ts";
import { knowsNativeSidecars } from "core/cluster/version.ts";
import type { Cluster } from "../inject/context.ts";
import type { LoadedSettings } from "../settings/load.ts";
import { assumedCluster } from "./assumed_cluster.ts";
import { explainPod } from "./explain.ts";
import { KumaError } from "core/errors.ts";

const SYNC_MS = 15_000;

/** Explains the pod; without credentials in an enabled namespace where every mesh exists. */
export async function explainHere(
  pod: Json,
  namespace: string | undefined,
  loaded: LoadedSettings,
  credentials: KubeEndpoint | undefined,
): Promise<string> {
  const explain = (cluster: Cluster, native: boolean, assumptions?: () => readonly string[]) => {
    const context = {
      cluster,
      settings: loaded.settings,
      origins: loaded.origins,
      caCert: undefined,
      serverHasNativeSidecars: native,
      schema: shippedContainerSchema(),
    };
    return explainPod(pod, namespace ?? "", context, assumptions);
  };
  if (credentials === undefined) {
    const { cluster, assumptions } = assumedCluster();
    const version = loaded.settings.nativeSidecars ? ["the API server is of 1.29 or later"] : [];
    return await explain(cluster, true, () => [...assumptions(), ...version]);
  }
  using connection = new KubeClient(credentials);
  const version = await connection.json("/version");
  const { major = "", minor = "" } = isObject(version) ? version : {};
  // Whoever asks about a pod need not be allowed to see Dataplanes.
  const settings = { ...loaded.settings, unsafeDelete: true };
  const cluster = new InformedCluster(connection, settings, silentLogger);
  const stop = new AbortController();
  const running = cluster.run(stop.signal);
  try {
    if (!await cluster.listed(AbortSignal.timeout(SYNC_MS))) {
      throw new KumaError("KUMA-WH-021", `cannot list ${cluster.waitingFor.join(", ")}`);
    }
    const native = knowsNativeSidecars({ major: String(major), minor: String(minor) });
    return await explain(cluster, native);
  } finally {
    stop.abort();
    await running;
  }
}

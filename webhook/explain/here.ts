/**
 * `kuma-webhook explain`: the explanations from the command line, with a cluster or without.
 *
 * @module
 */
import { silentLogger } from "core/log/logger.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { shippedContainerSchema } from "core/patch/schema.ts";
import { KubeClient, type KubeEndpoint } from "core/cluster/client.ts";
import { knowsNativeSidecars } from "core/cluster/version.ts";
import { KumaError } from "core/errors.ts";
import { InformedCluster } from "../cluster/informed_cluster.ts";
import type { Cluster } from "core/inject/context.ts";
import {
  type LoadedSettings,
  loadSettings,
  type SettingsDocument,
} from "core/inject/settings/load.ts";
import { assumedCluster } from "core/inject/explain/assumed_cluster.ts";
import { deployedSettings } from "core/inject/explain/deployed_settings.ts";
import { explain, type Explanation } from "core/inject/explain/explain.ts";
import { withObjects } from "core/inject/explain/given_cluster.ts";
import { type GivenPod, podOf } from "core/inject/explain/objects.ts";

const SYNC_MS = 15_000;

/** What is asked. */
export interface Question {
  /** The objects of all files: pods, workloads, and what of a cluster decides about them. */
  readonly objects: readonly JsonObject[];
  /** In place of the one that a pod names. */
  readonly namespace: string;
  /** The control plane's document; the deployed one counts where it is not given. */
  readonly document: SettingsDocument | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absent, no cluster is asked. */
  readonly credentials: KubeEndpoint | undefined;
}

/** An explanation, and what it rests on that nobody was asked about. */
export interface Answer {
  readonly explanation: Explanation;
  readonly assumptions: readonly string[];
}

/** Explains every pod and workload of the question, in their order. */
export async function explainHere(question: Question): Promise<Answer[]> {
  const pods = question.objects.flatMap((object) => podOf(object) ?? []);
  if (question.credentials === undefined) return await explainOffline(pods, question);
  using connection = new KubeClient(question.credentials);
  const version = await connection.json("/version");
  const { major = "", minor = "" } = isObject(version) ? version : {};
  const { loaded, assumptions } = await settingsOf(question, connection);
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
    return await each(pods, question, loaded, { cluster, native }, () => assumptions);
  } finally {
    stop.abort();
    await running;
  }
}

async function explainOffline(pods: readonly GivenPod[], question: Question): Promise<Answer[]> {
  const loaded = loadSettings(question.document, question.environment);
  const answers: Answer[] = [];
  for (const pod of pods) {
    // Each rests on what it needs itself.
    const { cluster, assumptions } = assumedCluster();
    const version = loaded.settings.nativeSidecars ? ["the API server is of 1.29 or later"] : [];
    const all = () => [...assumptions(), ...version];
    answers.push(...await each([pod], question, loaded, { cluster, native: true }, all));
  }
  return answers;
}

/** Those of the command line where a document is given, else the deployed ones with the variables over them. */
async function settingsOf(
  { document, environment }: Question,
  connection: KubeClient,
): Promise<{ loaded: LoadedSettings; assumptions: readonly string[] }> {
  if (document !== undefined) {
    return { loaded: loadSettings(document, environment), assumptions: [] };
  }
  const deployed = await deployedSettings(connection);
  const given = Object.entries(environment).filter(([, value]) => value !== undefined);
  const merged = { ...deployed.environment, ...Object.fromEntries(given) };
  return {
    loaded: loadSettings(deployed.document, merged),
    assumptions: deployed.assumptions,
  };
}

async function each(
  pods: readonly GivenPod[],
  { objects, namespace }: Question,
  { settings, origins }: LoadedSettings,
  { cluster, native }: { cluster: Cluster; native: boolean },
  assumptions: () => readonly string[],
): Promise<Answer[]> {
  const context = {
    cluster: withObjects(cluster, objects, settings.systemNamespace),
    settings,
    origins,
    caCert: undefined,
    serverHasNativeSidecars: native,
    schema: shippedContainerSchema(),
  };
  const answers: Answer[] = [];
  for (const { what, pod } of pods) {
    const explanation = await explain(pod, namespace, context, what);
    answers.push({ explanation, assumptions: assumptions() });
  }
  return answers;
}

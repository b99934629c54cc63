/**
 * From a pod to the injected pod: decides, builds the containers, patches them, places them.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import { applyContainerPatches, type NamedPatch } from "core/patch/container_patch.ts";
import { LABELS } from "core/kube/annotations.ts";
import { advice, adviceOnLabel } from "./advice.ts";
import { configMapRedirection } from "./configmap_mode.ts";
import type { Cluster, InjectionContext } from "./context.ts";
import { checkPatchedUser, checkUsers, chooseMesh, decideInjection, whyNever } from "./decide.ts";
import { replacedHooks } from "./hooks.ts";
import { flagRedirection } from "./flag_mode.ts";
import { initContainer, injectedVolumes, validationContainer } from "./init.ts";
import { prefixed } from "core/grammar/echo.ts";
import { type Decision, Inputs, WRITTEN_BACK } from "./inputs.ts";
import { injectedAnnotations, injectedLabels } from "./metadata.ts";
import { patchNames, type PodOptions, podOptions } from "./options.ts";
import { findPatches } from "./patches.ts";
import type { PodView } from "./pod.ts";
import { rewriteProbes } from "./probes.ts";
import type { Redirection } from "./redirection.ts";
import { withinPodResources } from "./pod_resources.ts";
import { asItsNeighbours } from "./restricted.ts";
import { sidecarContainer, withoutEscalation } from "./sidecar.ts";

/** What became of a pod. */
export interface Injection {
  readonly injected: boolean;
  /** The rule that decided, in words. */
  readonly reason: string;
  /** The pod as it should be; the same object where nothing was injected. */
  readonly pod: JsonObject;
  readonly warnings: readonly string[];
  readonly decisions: readonly Decision[];
  /** No label of the pod or of its namespace, as far as that is known, said anything. */
  readonly undecided?: boolean;
}

/**
 * Injects a pod, or says why not. The pod given is never changed. Throws a `KumaError` for a pod that
 * must not be created: its line is what the user reads.
 */
export async function injectPod(pod: PodView, context: InjectionContext): Promise<Injection> {
  const { settings, cluster } = context;
  if (settings.mode === "global") {
    return untouched(pod, "a global control plane injects nothing", []);
  }
  const namespace = cluster.namespace(pod.namespace);
  if (namespace === undefined) {
    throw new KumaError(
      "KUMA-WH-003",
      `could not retrieve namespace for pod: Namespace ${JSON.stringify(pod.namespace)} not found`,
    );
  }
  const verdict = decideInjection(pod, namespace, settings);
  if (!verdict.inject) {
    // Whoever opts out by label is left in peace.
    const asked = !Object.hasOwn(pod.labels, LABELS.sidecarInjection);
    const warnings = asked ? adviceOnLabel(pod, settings) : [];
    const { undecided = false } = verdict;
    return { ...untouched(pod, verdict.reason, warnings), undecided };
  }
  const never = whyNever(pod);
  if (never !== undefined) return untouched(pod, never, [`${never}: it is left alone`]);
  const mesh = chooseMesh(pod, namespace, cluster);
  const inputs = new Inputs(pod.annotations, settings, context.origins);
  inputs.note("mesh", mesh.name, mesh.source);
  inputs.warnings.push(...checkUsers(pod, settings.uid), ...advice(pod, settings));
  const patches = findPatches(patchNames(inputs), cluster);
  const wanted = podOptions(pod, inputs);
  const redirection = await redirectionOf(pod, inputs, wanted, cluster);
  // What is redirected must be answered: a document decides about DNS for the sidecar too.
  const options = { ...wanted, dns: { ...wanted.dns, enabled: redirection.dnsEnabled } };
  const built = buildPod(pod, { options, redirection, patches, mesh: mesh.name, context, inputs });
  return {
    injected: true,
    reason: verdict.reason,
    pod: built,
    warnings: inputs.warnings,
    decisions: inputs.decisions,
  };
}

function untouched(pod: PodView, reason: string, warnings: readonly string[]): Injection {
  return { injected: false, reason, pod: pod.object, warnings, decisions: [] };
}

async function redirectionOf(
  pod: PodView,
  inputs: Inputs,
  options: PodOptions,
  cluster: Cluster,
): Promise<Redirection> {
  try {
    if (inputs.settings.configMapName === "") return flagRedirection(inputs, options);
    return await configMapRedirection(inputs, options, pod.namespace, cluster);
  } catch (thrown) {
    throw prefixed(WRITTEN_BACK, thrown);
  }
}

/** Everything that is resolved before the first container is built. */
interface Plan {
  readonly options: PodOptions;
  readonly redirection: Redirection;
  readonly patches: readonly NamedPatch[];
  readonly mesh: string;
  readonly context: InjectionContext;
  readonly inputs: Inputs;
}

function buildPod(pod: PodView, plan: Plan): JsonObject {
  const { options, redirection, context, inputs } = plan;
  const { settings } = context;
  const { spec } = pod.object;
  const own = isObject(spec) && isObject(spec.resources) ? { resources: spec.resources } : {};
  const { parts: placed, warnings } = withinPodResources({ ...place(pod, plan), ...own });
  inputs.warnings.push(...warnings);
  const probes = rewriteProbes(placed, options.probes);
  inputs.warnings.push(...probes.warnings);
  const volumes = [...pod.volumes, ...injectedVolumes(redirection.ebpf)];
  const { metadata } = pod.object;
  return {
    ...pod.object,
    metadata: {
      ...(isObject(metadata) ? metadata : {}),
      annotations: { ...injectedAnnotations(pod, options, redirection, settings) },
      labels: { ...injectedLabels(pod, plan.mesh) },
    },
    spec: {
      ...(isObject(spec) ? spec : {}),
      containers: probes.containers,
      ...(probes.initContainers.length > 0 ? { initContainers: probes.initContainers } : {}),
      ...(placed.resources === undefined ? {} : { resources: placed.resources }),
      volumes,
    },
  };
}

/** Sidecar and init container, patched, among the pod's own. */
function place(pod: PodView, plan: Plan) {
  const { options, context, inputs } = plan;
  const { settings } = context;
  const native = settings.nativeSidecars && context.serverHasNativeSidecars;
  if (settings.nativeSidecars && !native) {
    inputs.warnings.push("the API server is older than 1.29: the sidecar is an ordinary container");
  }
  inputs.note(
    "placement",
    native ? "native sidecar" : "container",
    inputs.origin("nativeSidecars"),
  );
  const built = sidecarContainer(pod, options, plan.mesh, context, native);
  const patched = applyContainerPatches(
    built,
    plan.patches,
    "sidecarPatch",
    context.schema,
    (line) => void inputs.warnings.push(line),
  );
  const sidecar = asItsNeighbours(withoutEscalation(patched), pod);
  inputs.warnings.push(...replacedHooks(built, sidecar));
  inputs.warnings.push(...checkPatchedUser(pod, sidecar, settings));
  const init = initOf(pod, plan);
  if (native) {
    // Set last: without it the container would be an ordinary init container that never ends.
    const restartable = { ...sidecar, restartPolicy: "Always" };
    return {
      containers: pod.containers,
      initContainers: [...init, restartable, ...pod.initContainers],
    };
  }
  return {
    containers: [sidecar, ...pod.containers],
    initContainers: options.initFirst
      ? [...init, ...pod.initContainers]
      : [...pod.initContainers, ...init],
  };
}

function initOf(pod: PodView, plan: Plan): JsonObject[] {
  const { redirection, context } = plan;
  const { settings } = context;
  if (settings.cniEnabled && !redirection.inboundEnabled) return [];
  const container = settings.cniEnabled
    ? validationContainer(settings, redirection)
    : initContainer(settings, redirection.args, redirection.ebpf, pod);
  const note = (line: string) => void plan.inputs.warnings.push(line);
  const patched = applyContainerPatches(
    container,
    plan.patches,
    "initPatch",
    context.schema,
    note,
  );
  return [settings.cniEnabled ? asItsNeighbours(patched, pod) : patched];
}

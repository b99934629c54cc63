/**
 * The container kuma-sidecar, before patches.
 *
 * @module
 */
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { Settings } from "./settings/table.ts";
import type { InjectionContext } from "./context.ts";
import type { PodOptions } from "./options.ts";
import type { PodView } from "./pod.ts";
import { sidecarEnv, TOKEN_PATH } from "./sidecar_env.ts";

/** Name of the sidecar's volume at /tmp. */
export const SIDECAR_TMP = "kuma-sidecar-tmp";

/** Builds the container; `native` is the form among the init containers. */
export function sidecarContainer(
  pod: PodView,
  options: PodOptions,
  mesh: string,
  context: InjectionContext,
  native: boolean,
): JsonObject {
  const { settings } = context;
  const probes = sidecarProbes(options.adminPort, settings);
  const args = ["run", "--log-level=info"];
  if (options.concurrency > 0) args.push(`--concurrency=${options.concurrency}`);
  const lifecycle = native ? NATIVE_LIFECYCLE : waitHook(options);
  return {
    name: CONTAINERS.sidecar,
    image: settings.sidecarImage,
    imagePullPolicy: "IfNotPresent",
    args,
    env: sidecarEnv(options, mesh, context),
    securityContext: {
      runAsUser: settings.uid,
      runAsGroup: settings.gid,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    },
    resources: {
      requests: {
        cpu: settings.requestCpu,
        memory: settings.requestMemory,
        "ephemeral-storage": "50M",
      },
      limits: { cpu: settings.limitCpu, memory: settings.limitMemory, "ephemeral-storage": "1G" },
    },
    livenessProbe: probes.liveness,
    readinessProbe: probes.readiness,
    ...(native ? { startupProbe: probes.startup } : {}),
    ...(lifecycle === undefined ? {} : { lifecycle: structuredClone(lifecycle) }),
    volumeMounts: [...tokenMount(pod, options), { name: SIDECAR_TMP, mountPath: "/tmp" }],
  };
}

/**
 * The patched container, which gains no rights after its start: namespaces with the Pod Security level
 * `restricted` demand it. Last, for a patch that asks for more may have it, and Kubernetes refuses both together.
 */
export function withoutEscalation(container: JsonObject): JsonObject {
  const { securityContext } = container;
  if (!isObject(securityContext) || Object.hasOwn(securityContext, "allowPrivilegeEscalation")) {
    return container;
  }
  const { privileged, capabilities } = securityContext;
  const added = isObject(capabilities) ? capabilities.add : undefined;
  const widened = Array.isArray(added) && added.some((one) => ADMIN.includes(one));
  if (privileged === true || widened) return container;
  return {
    ...container,
    securityContext: { ...securityContext, allowPrivilegeEscalation: false },
  };
}

/** Whoever has it can gain any right; the API server looks for the longer name only. */
const ADMIN: readonly Json[] = ["CAP_SYS_ADMIN", "SYS_ADMIN"];

/** SIGUSR2 makes kuma-dp drain without ending, so that it outlives the application's containers. */
const NATIVE_LIFECYCLE: JsonObject = {
  preStop: { exec: { command: ["killall", "-USR2", "kuma-dp"] } },
};

/**
 * The kubelet starts containers in order and waits for each postStart hook: the application starts when
 * the proxy is ready.
 */
function waitHook(options: PodOptions): JsonObject | undefined {
  if (!options.waitForDataplane) return undefined;
  const url = `http://localhost:${options.adminPort}/ready`;
  return { postStart: { exec: { command: ["kuma-dp", "wait", "--url", url] } } };
}

function sidecarProbes(port: number, settings: Settings) {
  const probe = (numbers: Record<string, number>): JsonObject => ({
    httpGet: { path: "/ready", port },
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0)),
  });
  return {
    readiness: probe({
      initialDelaySeconds: settings.readinessInitialDelay,
      timeoutSeconds: settings.readinessTimeout,
      periodSeconds: settings.readinessPeriod,
      successThreshold: settings.readinessSuccess,
      failureThreshold: settings.readinessFailure,
    }),
    liveness: probe({
      initialDelaySeconds: settings.livenessInitialDelay,
      timeoutSeconds: settings.livenessTimeout,
      periodSeconds: settings.livenessPeriod,
      successThreshold: 1,
      failureThreshold: settings.livenessFailure,
    }),
    startup: probe({
      initialDelaySeconds: settings.startupInitialDelay,
      timeoutSeconds: settings.startupTimeout,
      periodSeconds: settings.startupPeriod,
      successThreshold: 1,
      failureThreshold: settings.startupFailure,
    }),
  };
}

/** The named volume, else the first mount of the token that an application container has. */
function tokenMount(pod: PodView, options: PodOptions): JsonObject[] {
  if (options.tokenVolume !== undefined) {
    return [{ name: options.tokenVolume, mountPath: TOKEN_PATH, readOnly: true }];
  }
  const mounts = pod.containers.flatMap((container) => objectsIn(container.volumeMounts));
  const found = mounts.find((mount) => mount.mountPath === TOKEN_PATH);
  return found === undefined ? [] : [structuredClone(found)];
}

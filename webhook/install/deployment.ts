/**
 * The webhook's pods. They fit the Pod Security level `restricted`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { V1Deployment, V1Probe, V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import { LABELS } from "core/kube/annotations.ts";
import { CONFIG_FOLDER, CONFIG_KEY } from "./config_map.ts";
import { NAME, named, SELECTOR } from "./names.ts";
import { CA_FOLDER, type InstallOptions } from "./options.ts";
import { PORT_NAME } from "./service.ts";

/** User and group of the image: any that is not root and nobody else's. */
export const USER = 65_532;

/** For what is still being answered after the drain time: API servers wait 10 s for an answer. */
const FINISH_SECONDS = 15;

/** The Deployment. */
export function deployment(options: InstallOptions): V1Deployment {
  const { namespace, replicas, document } = options;
  const digest = document === undefined
    ? {}
    : { annotations: { "kuma-webhook.kuma.io/config-sha256": sha256(document) } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: named(NAME, namespace),
    spec: {
      replicas,
      selector: { matchLabels: { ...SELECTOR } },
      // Never fewer than asked for: with the failure policy Fail, pods wait for us.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        // The settings are read at the start: another document has to make other pods.
        metadata: { labels: { ...SELECTOR, [LABELS.sidecarInjection]: "disabled" }, ...digest },
        spec: {
          serviceAccountName: NAME,
          nodeSelector: { "kubernetes.io/os": "linux" },
          securityContext: {
            runAsNonRoot: true,
            runAsUser: USER,
            runAsGroup: USER,
            seccompProfile: { type: "RuntimeDefault" },
          },
          // After SIGTERM the program itself serves on for the drain time, so there is no preStop hook.
          terminationGracePeriodSeconds: options.drainSeconds + FINISH_SECONDS,
          ...SPREAD,
          containers: [container(options)],
          volumes: volumes(options).map(([volume]) => volume),
        },
      },
    },
  };
}

/** On other nodes and in other zones where there are any. */
const SPREAD = {
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{
        weight: 100,
        podAffinityTerm: {
          topologyKey: "kubernetes.io/hostname",
          labelSelector: { matchLabels: { ...SELECTOR } },
        },
      }],
    },
  },
  topologySpreadConstraints: [{
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: { ...SELECTOR } },
  }],
};

function container(options: InstallOptions) {
  const { image, port, environment } = options;
  return {
    name: NAME,
    image,
    args: args(options),
    env: environment.map((one) => ({ ...one })),
    ports: [{ name: PORT_NAME, containerPort: port, protocol: "TCP" }],
    startupProbe: probe("/healthz", 2, 60),
    livenessProbe: probe("/healthz", 10, 3),
    readinessProbe: probe("/readyz", 5, 2),
    // Measured: 101 MiB at the start, 149 MiB at 200 requests/s with 5,000 patches; 310 MiB after all that
    // tests/webhook/server_strangers_test.ts does to it. No limit of CPU: being throttled would delay every pod of the mesh.
    resources: { requests: { cpu: "100m", memory: "192Mi" }, limits: { memory: "384Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: volumes(options).map(([, mount]) => mount),
  };
}

function args({ service, tlsSecret, drainSeconds, document }: InstallOptions): string[] {
  return [
    "serve",
    "--generate-certs",
    `--service=${service}`,
    `--tls-secret=${tlsSecret}`,
    `--drain-time=${drainSeconds}`,
    ...document === undefined ? [] : [`--config-file=${CONFIG_FOLDER}/${CONFIG_KEY}`],
  ];
}

function probe(path: string, periodSeconds: number, failureThreshold: number): V1Probe {
  return {
    httpGet: { path, port: PORT_NAME, scheme: "HTTPS" },
    periodSeconds,
    failureThreshold,
    timeoutSeconds: 3,
  };
}

function volumes({ document, caSecret }: InstallOptions): [V1Volume, V1VolumeMount][] {
  return [
    ...document === undefined ? [] : [
      [
        { name: "config", configMap: { name: NAME } },
        { name: "config", mountPath: CONFIG_FOLDER, readOnly: true },
      ] satisfies [V1Volume, V1VolumeMount],
    ],
    ...caSecret === undefined ? [] : [
      [
        {
          name: "control-plane-ca",
          secret: { secretName: caSecret, items: [{ key: "ca.crt", path: "ca.crt" }] },
        },
        { name: "control-plane-ca", mountPath: CA_FOLDER, readOnly: true },
      ] satisfies [V1Volume, V1VolumeMount],
    ],
  ];
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

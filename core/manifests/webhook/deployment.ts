/**
 * The webhook's pods. They fit the Pod Security level `restricted`.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import { type Node, not, sha256, text, when } from "../template/node.ts";
import { named } from "../names.ts";
import { CONTAINER_SECURITY, POD_SECURITY, probe, spread } from "../pods.ts";
import type { WebhookParts } from "./objects.ts";

/** Where the pod finds the control plane's document. */
const CONFIG_FOLDER = "/etc/kuma-webhook/config";
/** Its file name there. */
export const CONFIG_KEY = "config.yaml";
/** Where the pod finds the CA certificate that sidecars trust. */
export const CA_FOLDER = "/etc/kuma-webhook/control-plane-ca";
/** Where the pod finds a certificate that it does not make itself. */
export const TLS_FOLDER = "/etc/kuma-webhook/tls";
/** The name of the container's port, which the Service and the probes refer to. */
export const PORT_NAME = "https";

/** The Deployment. */
export function webhookDeployment(parts: WebhookParts): Node {
  const { program, document, pods = {} } = parts;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { ...named(program), annotations: pods.deploymentAnnotations },
    spec: {
      replicas: parts.replicas,
      minReadySeconds: pods.minReadySeconds,
      selector: { matchLabels: program.selector },
      // Never fewer than asked for: with the failure policy Fail, pods wait for us.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: {
          labels: { ...program.selector, [LABELS.sidecarInjection]: "disabled" },
          // The settings are read at the start: another document has to make other pods.
          annotations: pods.annotations === undefined
            ? when(document, { "kuma-webhook.kuma.io/config-sha256": sha256(document) })
            : pods.annotations({ "kuma-webhook.kuma.io/config-sha256": sha256(document) }),
        },
        spec: {
          serviceAccountName: program.name,
          nodeSelector: pods.nodeSelector ?? { "kubernetes.io/os": "linux" },
          tolerations: pods.tolerations,
          hostNetwork: pods.hostNetwork,
          dnsPolicy: pods.dnsPolicy,
          dnsConfig: pods.dnsConfig,
          priorityClassName: pods.priorityClassName,
          securityContext: POD_SECURITY,
          // After SIGTERM the program itself serves on for the drain time, so there is no preStop hook.
          terminationGracePeriodSeconds: parts.graceSeconds,
          ...spread(program, pods.affinity, pods.topologySpreadConstraints),
          containers: [container(parts)],
          volumes: volumes(parts).map(({ test, volume }) => when(test, volume)),
        },
      },
    },
  };
}

function container(parts: WebhookParts): Node {
  return {
    // The program's name, not the object's: kubectl logs -c kuma-webhook works under every stem.
    name: "kuma-webhook",
    image: parts.image,
    imagePullPolicy: parts.pods?.pullPolicy,
    args: args(parts),
    env: parts.environment,
    ports: [{ name: PORT_NAME, containerPort: parts.port, protocol: "TCP" }],
    startupProbe: probe("/healthz", PORT_NAME, 2, 60, "HTTPS"),
    livenessProbe: probe("/healthz", PORT_NAME, 10, 3, "HTTPS"),
    readinessProbe: probe("/readyz", PORT_NAME, 5, 2, "HTTPS"),
    // Measured: 101 MiB at the start, 149 MiB at 200 requests/s with 5,000 patches; 310 MiB after all that
    // tests/webhook/server_strangers_test.ts does to it. No limit of CPU: being throttled would delay every pod of the mesh.
    resources: parts.pods?.resources ??
      { requests: { cpu: "100m", memory: "192Mi" }, limits: { memory: "384Mi" } },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: volumes(parts).map(({ test, mount }) => when(test, mount)),
  };
}

function args(parts: WebhookParts): Node[] {
  const { service, tlsSecret, generateCerts, drainSeconds, document } = parts;
  return [
    "serve",
    when(generateCerts, "--generate-certs"),
    text`--service=${service}`,
    text`--tls-secret=${tlsSecret}`,
    text`--drain-time=${drainSeconds}`,
    when(parts.logLevel, text`--log-level=${parts.logLevel}`),
    when(document, `--config-file=${CONFIG_FOLDER}/${CONFIG_KEY}`),
  ];
}

function volumes(
  { program, document, caSecret, generateCerts, tlsSecret }: WebhookParts,
): { test: Node; volume: Node; mount: Node }[] {
  const one = (test: Node, name: string, source: { [key: string]: Node }, mountPath: string) => ({
    test,
    volume: { name, ...source },
    mount: { name, mountPath, readOnly: true },
  });
  return [
    {
      test: true,
      volume: { name: "tmp", emptyDir: {} },
      mount: { name: "tmp", mountPath: "/tmp" },
    },
    one(document, "config", { configMap: { name: program.name } }, CONFIG_FOLDER),
    one(caSecret, "control-plane-ca", {
      secret: { secretName: caSecret, items: [{ key: "ca.crt", path: "ca.crt" }] },
    }, CA_FOLDER),
    // The whole folder: a file of its own (subPath) would never be refreshed.
    one(not(generateCerts), "tls", { secret: { secretName: tlsSecret } }, TLS_FOLDER),
  ];
}

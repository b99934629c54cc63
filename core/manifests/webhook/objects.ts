/**
 * Everything that a cluster needs to run the webhook.
 *
 * @module
 */
import { type Node, when } from "../template/node.ts";
import { labelsOf, named, type Program } from "../names.ts";
import { disruptionBudget } from "../pods.ts";
import { webhookAccess } from "./access.ts";
import { mutatingConfiguration, validatingConfiguration } from "./configurations.ts";
import { CONFIG_KEY, PORT_NAME, webhookDeployment } from "./deployment.ts";

/** What values say of the pods; what is left out is not said in the objects either. */
export interface PodParts {
  readonly deploymentAnnotations?: Node;
  /** The pods' annotations, ours given. */
  readonly annotations?: (ours: Node) => Node;
  readonly minReadySeconds?: Node;
  readonly nodeSelector?: Node;
  readonly tolerations?: Node;
  readonly hostNetwork?: Node;
  readonly dnsPolicy?: Node;
  readonly dnsConfig?: Node;
  readonly priorityClassName?: Node;
  readonly affinity?: Node;
  readonly topologySpreadConstraints?: Node;
  readonly pullPolicy?: Node;
  readonly resources?: Node;
}

/** What the webhook is installed with. */
export interface WebhookParts {
  readonly program: Program;
  /** Name of the role for those who may see its pages. */
  readonly readerName: Node;
  readonly image: Node;
  readonly replicas: Node;
  /** Name of the Service that API servers call. */
  readonly service: Node;
  /** Name of the Secret that holds the certificate, and whether the webhook itself makes it. */
  readonly tlsSecret: Node;
  readonly generateCerts: Node;
  /** base64 of the CA for the configurations, and annotations of them, where others make the certificate. */
  readonly caBundle?: Node;
  readonly configurationAnnotations?: Node;
  readonly failurePolicy: Node;
  readonly mode: Node;
  readonly drainSeconds: Node;
  readonly graceSeconds: Node;
  readonly logLevel?: Node;
  /** Where the webhook listens in its pod. */
  readonly port: Node;
  /** `env` of its container. */
  readonly environment: Node;
  /** The control plane's YAML document; empty for none. */
  readonly document: Node;
  /** Secret whose `ca.crt` sidecars trust; empty for none. */
  readonly caSecret: Node;
  readonly readsConfigMaps: Node;
  readonly unsafeDelete: Node;
  readonly maxUnavailable?: Node;
  /** Whether there is a budget. */
  readonly budget: Node;
  /** Whether the webhook configurations are ours: beside Kuma's control plane they are its own. */
  readonly ownsConfigurations: boolean;
  readonly account?: Parameters<typeof webhookAccess>[4];
  readonly pods?: PodParts;
}

/**
 * The objects in the order in which `kubectl apply` has to make them: the Deployment last, since the first thing its
 * pods do is to write their CA into the configurations.
 */
export function webhookObjects(parts: WebhookParts): Node[] {
  const { program, document, generateCerts } = parts;
  const mode = {
    configMaps: parts.readsConfigMaps,
    generateCerts,
    unsafeDelete: parts.unsafeDelete,
  };
  return [
    ...webhookAccess(program, parts.readerName, mode, parts.tlsSecret, parts.account),
    when(document, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: named(program),
      data: { [CONFIG_KEY]: document },
    }),
    webhookService(parts),
    when(parts.budget, disruptionBudget(program, parts.maxUnavailable)),
    ...parts.ownsConfigurations ? configurations(parts) : [],
    webhookDeployment(parts),
  ];
}

/** Port 443, which webhook configurations mean when they name none, to the pods' own. */
function webhookService({ program, service }: WebhookParts): Node {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...named(program), name: service, labels: labelsOf(program) },
    spec: {
      selector: program.selector,
      ports: [{ name: "https-admission-server", port: 443, targetPort: PORT_NAME }],
    },
  };
}

function configurations(parts: WebhookParts): Node[] {
  const { program: { namespace }, service, failurePolicy, mode, caBundle } = parts;
  const called = {
    client: (path: string): Node => ({
      service: { name: service, namespace, path },
      caBundle: caBundle === undefined ? undefined : when(caBundle, caBundle),
    }),
    failurePolicy,
    mode,
    ownNamespace: namespace,
    ...(parts.configurationAnnotations === undefined
      ? {}
      : { metadata: { annotations: parts.configurationAnnotations } }),
  };
  return [mutatingConfiguration(called), validatingConfiguration(called)];
}

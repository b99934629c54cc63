/**
 * What a cluster needs to call this webhook: the two webhook configurations and the permissions. Names,
 * rules and selectors are those of Kuma's chart, cut to what is served here.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import type { Json, JsonObject } from "core/patch/json.ts";
import { DEFAULTED, OWNED, VALIDATED } from "./resources/kinds.ts";

/** Where API servers find the webhook. */
export interface ManifestOptions {
  readonly namespace: string;
  /** Name of the Service in front of the webhook. */
  readonly service: string;
  /** What happens to pods while no replica answers. */
  readonly failurePolicy?: "Fail" | "Ignore";
  /** `mode` of the settings; a global control plane has no pods and no Services. */
  readonly mode?: "zone" | "global";
  /** In place of the Service: a webhook outside the cluster. */
  readonly url?: string;
  /** CA certificates, PEM; `--generate-certs` writes them itself. */
  readonly caBundle?: string;
}

const NOT_KUBE_SYSTEM = {
  key: "kubernetes.io/metadata.name",
  operator: "NotIn",
  values: ["kube-system"],
};

function client(options: ManifestOptions, path: string): JsonObject {
  const bundle = options.caBundle === undefined
    ? {}
    : { caBundle: new TextEncoder().encode(options.caBundle).toBase64() };
  if (options.url !== undefined) return { url: `${options.url}${path}`, ...bundle };
  return { service: { name: options.service, namespace: options.namespace, path }, ...bundle };
}

function entry(
  name: string,
  options: ManifestOptions,
  path: string,
  more: JsonObject,
): JsonObject {
  return {
    name,
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    clientConfig: client(options, path),
    ...more,
  };
}

function rule(
  group: string,
  version: string,
  resources: readonly string[],
  ...operations: string[]
): Json[] {
  return [{ apiGroups: [group], apiVersions: [version], operations, resources: [...resources] }];
}

const kuma = (resources: readonly string[], ...operations: string[]) =>
  rule("kuma.io", "v1alpha1", resources, ...operations);

/** The mutating configuration: Kuma's resources, then pods, chosen by the label of either. */
export function mutatingConfiguration(options: ManifestOptions): JsonObject {
  const resources = {
    failurePolicy: "Fail",
    namespaceSelector: { matchExpressions: [NOT_KUBE_SYSTEM] },
  };
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name: "kuma-admission-mutating-webhook-configuration" },
    webhooks: [
      entry("mesh.defaulter.kuma-admission.kuma.io", options, "/default-kuma-io-v1alpha1-mesh", {
        ...resources,
        rules: kuma(DEFAULTED, "CREATE", "UPDATE"),
      }),
      entry(
        "owner-reference.kuma-admission.kuma.io",
        options,
        "/owner-reference-kuma-io-v1alpha1",
        { ...resources, rules: kuma(OWNED, "CREATE") },
      ),
      ...options.mode === "global" ? [] : injectors(options),
    ],
  };
}

function injectors(options: ManifestOptions): JsonObject[] {
  const pods = {
    failurePolicy: options.failurePolicy ?? "Fail",
    rules: rule("", "v1", ["pods"], "CREATE"),
  };
  return [
    entry("namespace-kuma-injector.kuma.io", options, "/inject-sidecar", {
      ...pods,
      namespaceSelector: {
        matchExpressions: [NOT_KUBE_SYSTEM, {
          key: LABELS.sidecarInjection,
          operator: "In",
          values: ["enabled", "true"],
        }],
      },
    }),
    entry("pods-kuma-injector.kuma.io", options, "/inject-sidecar", {
      ...pods,
      namespaceSelector: { matchExpressions: [NOT_KUBE_SYSTEM] },
      objectSelector: { matchLabels: { [LABELS.sidecarInjection]: "enabled" } },
    }),
  ];
}

/**
 * The validating configuration: Kuma's resources, Services, and the Secrets of the system namespace,
 * which needs the label that its selector names. Kuma's chart lists GatewayClasses, too, though 2.9
 * serves no webhook for them.
 */
export function validatingConfiguration(options: ManifestOptions): JsonObject {
  const namespaceSelector = { matchExpressions: [NOT_KUBE_SYSTEM] };
  const service = entry(
    "service.validator.kuma-admission.kuma.io",
    options,
    "/validate-v1-service",
    {
      failurePolicy: "Ignore",
      namespaceSelector,
      rules: rule("", "v1", ["services"], "CREATE", "UPDATE"),
    },
  );
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "kuma-validating-webhook-configuration" },
    webhooks: [
      entry("validator.kuma-admission.kuma.io", options, "/validate-kuma-io-v1alpha1", {
        failurePolicy: "Fail",
        namespaceSelector,
        // Kuma's chart asks about every deletion: then a namespace with a ContainerPatch or Dataplane in
        // it never goes while no replica answers, which is so where it is the system namespace.
        rules: [...kuma(VALIDATED, "CREATE", "UPDATE"), ...kuma(["meshes"], "DELETE")],
      }),
      ...options.mode === "global" ? [] : [service],
      entry("secret.validator.kuma-admission.kuma.io", options, "/validate-v1-secret", {
        failurePolicy: "Ignore",
        namespaceSelector: { matchLabels: { [LABELS.systemNamespace]: "true" } },
        rules: rule("", "v1", ["secrets"], "CREATE", "UPDATE", "DELETE"),
      }),
    ],
  };
}

/** One rule of a role. */
export interface RoleRule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** What of the settings decides the permissions. */
export interface RuleMode {
  readonly configMaps?: boolean;
  readonly generateCerts?: boolean;
  /** Without this one a Mesh with Dataplanes in it is kept, and they must be seen for that. */
  readonly unsafeDelete?: boolean;
}

/** Everything the webhook asks of the API server, cluster-wide; {@linkcode namespaceRules} has the rest. */
export function clusterRules(mode: RuleMode): RoleRule[] {
  const watch = ["list", "watch"];
  const resources = ["meshes", ...mode.unsafeDelete ? [] : ["dataplanes"]];
  const rules: RoleRule[] = [
    { apiGroups: [""], resources: ["namespaces"], verbs: watch },
    { apiGroups: ["kuma.io"], resources, verbs: watch },
    // Who asks for /metrics and /explain, and whether he may.
    { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
    {
      apiGroups: ["authorization.k8s.io"],
      resources: ["subjectaccessreviews"],
      verbs: ["create"],
    },
  ];
  if (mode.configMaps) rules.push({ apiGroups: [""], resources: ["configmaps"], verbs: watch });
  if (mode.generateCerts) {
    rules.push({
      apiGroups: ["admissionregistration.k8s.io"],
      resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
      resourceNames: [
        "kuma-admission-mutating-webhook-configuration",
        "kuma-validating-webhook-configuration",
      ],
      verbs: ["get", "patch"],
    });
  }
  return rules;
}

/** What is needed in the system namespace, where alone ContainerPatches count. */
export function namespaceRules(): RoleRule[] {
  return [{ apiGroups: ["kuma.io"], resources: ["containerpatches"], verbs: ["list", "watch"] }];
}

/** What somebody needs who asks for `/metrics` and `/explain`: paths, no resources. */
export function readerRules(): { nonResourceURLs: string[]; verbs: string[] }[] {
  return [
    { nonResourceURLs: ["/metrics"], verbs: ["get"] },
    { nonResourceURLs: ["/explain"], verbs: ["post"] },
  ];
}

/** With `--generate-certs`: what is needed in the webhook's own namespace. */
export function secretRules(secret: string): RoleRule[] {
  return [
    { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
    { apiGroups: [""], resources: ["secrets"], resourceNames: [secret], verbs: ["get", "update"] },
  ];
}

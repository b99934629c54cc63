/**
 * The two webhook configurations. Names, rules and selectors are those of Kuma's chart, cut to what is served here.
 *
 * @module
 */
import { LABELS } from "core/kube/annotations.ts";
import { DEFAULTED, OWNED, VALIDATED } from "core/kube/kuma_kinds.ts";
import { equal, type Node, not, when } from "../template/node.ts";

/** Names of the configurations, which the webhook itself looks up. */
export const CONFIGURATIONS = {
  mutating: "kuma-admission-mutating-webhook-configuration",
  validating: "kuma-validating-webhook-configuration",
} as const;

/** What the configurations say beside their rules. */
export interface CalledWebhook {
  /** `clientConfig` of the entry that calls a path. */
  readonly client: (path: string) => Node;
  /** What happens to pods while no replica answers. */
  readonly failurePolicy: Node;
  /** `zone` or `global`; a global control plane has no pods and no Services. */
  readonly mode: Node;
  /**
   * The webhook's own namespace, whose pods are never sent to it: with the failure policy Fail, somebody who
   * labels it would else keep the last replica from ever being replaced.
   */
  readonly ownNamespace?: Node;
  readonly metadata?: { readonly [key: string]: Node };
}

const outside = (...namespaces: Node[]): Node => ({
  key: "kubernetes.io/metadata.name",
  operator: "NotIn",
  values: namespaces,
});

const NOT_KUBE_SYSTEM = outside("kube-system");

function rule(
  group: string,
  version: string,
  resources: readonly string[],
  ...operations: string[]
): Node[] {
  return [{
    apiGroups: [group],
    apiVersions: [version],
    operations,
    resources: [...resources],
    // As the API server fills it in: kubectl takes a list of rules without it for a change, at each apply.
    scope: "*",
  }];
}

const kuma = (resources: readonly string[], ...operations: string[]) =>
  rule("kuma.io", "v1alpha1", resources, ...operations);

function entry(name: string, called: CalledWebhook, path: string, more: object): Node {
  return {
    name,
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    clientConfig: called.client(path),
    ...more,
  };
}

function configuration(kind: string, name: string, called: CalledWebhook, webhooks: Node[]): Node {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind,
    metadata: { name, ...called.metadata },
    webhooks,
  };
}

/** The mutating configuration: Kuma's resources, then pods, chosen by the label of either. */
export function mutatingConfiguration(called: CalledWebhook): Node {
  const resources = {
    failurePolicy: "Fail",
    namespaceSelector: { matchExpressions: [NOT_KUBE_SYSTEM] },
  };
  return configuration("MutatingWebhookConfiguration", CONFIGURATIONS.mutating, called, [
    entry("mesh.defaulter.kuma-admission.kuma.io", called, "/default-kuma-io-v1alpha1-mesh", {
      ...resources,
      rules: kuma(DEFAULTED, "CREATE", "UPDATE"),
    }),
    entry("owner-reference.kuma-admission.kuma.io", called, "/owner-reference-kuma-io-v1alpha1", {
      ...resources,
      rules: kuma(OWNED, "CREATE"),
    }),
    ...injectors(called),
  ]);
}

function injectors(called: CalledWebhook): Node[] {
  const { mode, failurePolicy, ownNamespace } = called;
  const pods = { failurePolicy, rules: rule("", "v1", ["pods"], "CREATE") };
  const own = ownNamespace === undefined ? [] : [outside(ownNamespace)];
  return [
    entry("namespace-kuma-injector.kuma.io", called, "/inject-sidecar", {
      ...pods,
      namespaceSelector: {
        matchExpressions: [NOT_KUBE_SYSTEM, {
          key: LABELS.sidecarInjection,
          operator: "In",
          values: ["enabled", "true"],
        }, ...own],
      },
    }),
    entry("pods-kuma-injector.kuma.io", called, "/inject-sidecar", {
      ...pods,
      namespaceSelector: { matchExpressions: [NOT_KUBE_SYSTEM, ...own] },
      objectSelector: { matchLabels: { [LABELS.sidecarInjection]: "enabled" } },
    }),
  ].map((one) => when(not(equal(mode, "global")), one));
}

/**
 * The validating configuration: Kuma's resources, Services, and the Secrets of the system namespace,
 * which needs the label that its selector names. Kuma's chart lists GatewayClasses, too, though 2.9
 * serves no webhook for them.
 */
export function validatingConfiguration(called: CalledWebhook): Node {
  const namespaceSelector = { matchExpressions: [NOT_KUBE_SYSTEM] };
  const service = entry(
    "service.validator.kuma-admission.kuma.io",
    called,
    "/validate-v1-service",
    {
      failurePolicy: "Ignore",
      namespaceSelector,
      rules: rule("", "v1", ["services"], "CREATE", "UPDATE"),
    },
  );
  return configuration("ValidatingWebhookConfiguration", CONFIGURATIONS.validating, called, [
    entry("validator.kuma-admission.kuma.io", called, "/validate-kuma-io-v1alpha1", {
      failurePolicy: "Fail",
      namespaceSelector,
      // Kuma's chart asks about every deletion: then a namespace with a ContainerPatch or Dataplane in
      // it never goes while no replica answers, which is so where it is the system namespace.
      rules: [...kuma(VALIDATED, "CREATE", "UPDATE"), ...kuma(["meshes"], "DELETE")],
    }),
    when(not(equal(called.mode, "global")), service),
    entry("secret.validator.kuma-admission.kuma.io", called, "/validate-v1-secret", {
      failurePolicy: "Ignore",
      namespaceSelector: { matchLabels: { [LABELS.systemNamespace]: "true" } },
      rules: rule("", "v1", ["secrets"], "CREATE", "UPDATE", "DELETE"),
    }),
  ]);
}

/**
 * What the webhook may do.
 *
 * @module
 */
import { type Node, not, or, when } from "../template/node.ts";
import { clusterAccess, ownAccess, serviceAccount } from "../access.ts";
import { namedInCluster, type Program, RBAC } from "../names.ts";
import { CONFIGURATIONS } from "./configurations.ts";

/** What of the settings decides the permissions. */
export interface RuleMode {
  readonly configMaps: Node;
  /** It makes its certificate itself and keeps it in this Secret. */
  readonly generateCerts: Node;
  /** Without this one a Mesh with Dataplanes in it is kept, and they must be seen for that. */
  readonly unsafeDelete: Node;
}

/** Everything the webhook asks of the API server, cluster-wide; {@linkcode namespaceRules} has the rest. */
export function clusterRules(mode: RuleMode): Node[] {
  const watch = ["list", "watch"];
  const review = (group: string, resource: string) => ({
    apiGroups: [`${group}.k8s.io`],
    resources: [resource],
    verbs: ["create"],
  });
  return [
    { apiGroups: [""], resources: ["namespaces"], verbs: watch },
    {
      apiGroups: ["kuma.io"],
      resources: ["meshes", when(not(mode.unsafeDelete), "dataplanes")],
      verbs: watch,
    },
    // Who asks for /metrics and /explain, and whether he may.
    review("authentication", "tokenreviews"),
    review("authorization", "subjectaccessreviews"),
    when(mode.configMaps, { apiGroups: [""], resources: ["configmaps"], verbs: watch }),
    when(mode.generateCerts, {
      apiGroups: ["admissionregistration.k8s.io"],
      resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
      resourceNames: [CONFIGURATIONS.mutating, CONFIGURATIONS.validating],
      verbs: ["get", "patch"],
    }),
  ];
}

/** What is needed in the system namespace, where alone ContainerPatches count. */
export function namespaceRules(): Node[] {
  return [{ apiGroups: ["kuma.io"], resources: ["containerpatches"], verbs: ["list", "watch"] }];
}

/** What somebody needs who asks for `/metrics` and `/explain`: paths, no resources. */
export function readerRules(): Node[] {
  return [
    { nonResourceURLs: ["/metrics"], verbs: ["get"] },
    { nonResourceURLs: ["/explain"], verbs: ["post"] },
  ];
}

/** With `--generate-certs`: what is needed in the webhook's own namespace. */
export function secretRules(secret: Node): Node[] {
  return [
    { apiGroups: [""], resources: ["secrets"], verbs: ["create"] },
    { apiGroups: [""], resources: ["secrets"], resourceNames: [secret], verbs: ["get", "update"] },
  ];
}

/** Account, roles and bindings, in the order in which they refer to each other. */
export function webhookAccess(
  program: Program,
  readerName: Node,
  mode: RuleMode,
  tlsSecret: Node,
  account: Parameters<typeof serviceAccount>[1],
): Node[] {
  const own = [
    ...namespaceRules(),
    ...secretRules(tlsSecret).map((rule) => when(or(mode.generateCerts), rule)),
  ];
  const [role, binding] = clusterAccess(program, clusterRules(mode));
  return [
    serviceAccount(program, account),
    role,
    // For Prometheus and for people; bound to nobody.
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRole",
      metadata: namedInCluster(program, readerName),
      rules: readerRules(),
    },
    binding,
    ...ownAccess(program, own),
  ];
}

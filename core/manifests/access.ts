/**
 * A program's service account, and what it may do: its rules and no others.
 *
 * @module
 */
import type { Node } from "./template/node.ts";
import { named, namedInCluster, type Program, RBAC } from "./names.ts";

/** The service account. */
export function serviceAccount(
  program: Program,
  more: { readonly annotations?: Node; readonly pullSecrets?: Node } = {},
): Node {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { ...named(program), annotations: more.annotations },
    imagePullSecrets: more.pullSecrets,
  };
}

/** A ClusterRole of the program's name with these rules, bound to its service account. */
export function clusterAccess(program: Program, rules: Node): Node[] {
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRole",
      metadata: namedInCluster(program),
      rules,
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRoleBinding",
      metadata: namedInCluster(program),
      ...bound("ClusterRole", program),
    },
  ];
}

/** A Role in the program's own namespace, bound to its service account. */
export function ownAccess(program: Program, rules: Node): Node[] {
  return [
    { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: named(program), rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata: named(program),
      ...bound("Role", program),
    },
  ];
}

function bound(kind: "ClusterRole" | "Role", { name, namespace }: Program) {
  return {
    roleRef: { apiGroup: RBAC, kind, name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  };
}

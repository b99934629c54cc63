/**
 * The webhook's service account, and what it may do: the rules of `manifests.ts` and no others.
 *
 * @module
 */
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
} from "@kubernetes/client-node";
import { clusterRules, namespaceRules, readerRules, secretRules } from "../manifests.ts";
import { NAME, named } from "./names.ts";
import type { InstallOptions } from "./options.ts";

const GROUP = "rbac.authorization.k8s.io";
const VERSION = `${GROUP}/v1`;

/** The role of those who may see `/metrics` and `/explain`. */
const READER = "kuma-webhook-reader";

/** Account, roles and bindings. */
export type Access =
  | V1ServiceAccount
  | V1ClusterRole
  | V1ClusterRoleBinding
  | V1Role
  | V1RoleBinding;

/** All of them, in the order in which they refer to each other. */
export function access(options: InstallOptions): Access[] {
  const { namespace, tlsSecret, readsConfigMaps, unsafeDelete } = options;
  const subjects = [{ kind: "ServiceAccount", name: NAME, namespace }];
  const roleRef = (kind: "ClusterRole" | "Role") => ({ apiGroup: GROUP, kind, name: NAME });
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: named(NAME, namespace) },
    {
      apiVersion: VERSION,
      kind: "ClusterRole",
      metadata: named(NAME),
      rules: clusterRules({ configMaps: readsConfigMaps, generateCerts: true, unsafeDelete }),
    },
    // For Prometheus and for people; bound to nobody.
    {
      apiVersion: VERSION,
      kind: "ClusterRole",
      metadata: named(READER),
      rules: readerRules(),
    },
    {
      apiVersion: VERSION,
      kind: "ClusterRoleBinding",
      metadata: named(NAME),
      roleRef: roleRef("ClusterRole"),
      subjects,
    },
    {
      apiVersion: VERSION,
      kind: "Role",
      metadata: named(NAME, namespace),
      rules: [...namespaceRules(), ...secretRules(tlsSecret)],
    },
    {
      apiVersion: VERSION,
      kind: "RoleBinding",
      metadata: named(NAME, namespace),
      roleRef: roleRef("Role"),
      subjects,
    },
  ];
}

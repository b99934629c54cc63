/**
 * Variables that say which cluster is asked; apart, so that who only names them loads nothing else.
 *
 * @module
 */

/** Those that `findEndpoint` of core/cluster/credentials.ts looks at. */
export const CLUSTER_VARIABLES: readonly string[] = [
  "KUBECONFIG",
  "KUBERNETES_SERVICE_HOST",
  "KUBERNETES_SERVICE_PORT",
];

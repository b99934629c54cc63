/**
 * Names and labels of what is installed.
 *
 * @module
 */

/** Name of the Deployment and of everything that belongs to it. */
export const NAME = "kuma-webhook";

/** What Service, Deployment and PodDisruptionBudget find the pods by. */
export const SELECTOR: Readonly<Record<string, string>> = { "app.kubernetes.io/name": NAME };

/** Metadata of an object of ours; `namespace` is left out for those of the cluster. */
export function named(name: string, namespace?: string): {
  name: string;
  namespace?: string;
  labels: Record<string, string>;
} {
  return { name, ...(namespace === undefined ? {} : { namespace }), labels: { ...SELECTOR } };
}

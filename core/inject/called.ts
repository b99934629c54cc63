/**
 * Whether the API server asks the injector about a pod at all: the selectors of the webhook configuration decide
 * before any label is looked at here.
 *
 * @module
 */
import { type Labels, whyUnselected } from "core/kube/selector.ts";
import { type JsonObject, objectsIn } from "core/patch/json.ts";

/** The entries of the configuration that are about pods, in Kuma's chart as in ours. */
export const INJECTORS: readonly string[] = [
  "namespace-kuma-injector.kuma.io",
  "pods-kuma-injector.kuma.io",
];

/** Whether it is asked, and why. */
export interface Called {
  readonly called: boolean;
  /** Names the entry that asks, or what each of them lacks. */
  readonly reason: string;
}

/** Decides by a MutatingWebhookConfiguration and the labels of the pod and of its namespace. */
export function isCalled(configuration: JsonObject, namespace: Labels, pod: Labels): Called {
  const missed: string[] = [];
  for (const { name, namespaceSelector, objectSelector } of objectsIn(configuration.webhooks)) {
    if (typeof name !== "string" || !INJECTORS.includes(name)) continue;
    const ofNamespace = whyUnselected(namespaceSelector, namespace);
    const ofPod = whyUnselected(objectSelector, pod);
    if (ofNamespace === undefined && ofPod === undefined) return { called: true, reason: name };
    const lack = ofNamespace === undefined
      ? `the pod's label ${ofPod}`
      : `the namespace's label ${ofNamespace}`;
    missed.push(`${name} asks only where ${lack}`);
  }
  const reason = missed.length === 0
    ? `it has neither ${INJECTORS.join(" nor ")}`
    : missed.join("; ");
  return { called: false, reason };
}

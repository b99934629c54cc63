/**
 * The webhook configurations, so that they cannot keep the webhook itself from starting.
 *
 * @module
 */
import { isObject, type Json, type JsonObject } from "core/patch/json.ts";
import { mutatingConfiguration, validatingConfiguration } from "../manifests.ts";
import type { InstallOptions } from "./options.ts";

/** Both, calling the Service. `--generate-certs` writes their CA. */
export function configurations(options: InstallOptions): JsonObject[] {
  const { namespace, service, failurePolicy, mode } = options;
  const at = { namespace, service, failurePolicy, mode };
  return [withoutPodsOf(namespace, mutatingConfiguration(at)), validatingConfiguration(at)];
}

const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/**
 * Leaves the pods of a namespace out of all entries that hook pods. With the failure policy Fail, somebody
 * who labels the system namespace would else keep the last replica from ever being replaced.
 */
export function withoutPodsOf(namespace: string, configuration: JsonObject): JsonObject {
  const entries = Array.isArray(configuration.webhooks) ? configuration.webhooks : [];
  return {
    ...configuration,
    webhooks: entries.map((entry) => hooksPods(entry) ? excluding(namespace, entry) : entry),
  };
}

function hooksPods(entry: Json): entry is JsonObject {
  const rules = isObject(entry) && Array.isArray(entry.rules) ? entry.rules : [];
  return rules.some((rule) =>
    isObject(rule) && Array.isArray(rule.resources) && rule.resources.includes("pods")
  );
}

function excluding(namespace: string, entry: JsonObject): JsonObject {
  const selector = isObject(entry.namespaceSelector) ? entry.namespaceSelector : {};
  const expressions = Array.isArray(selector.matchExpressions) ? selector.matchExpressions : [];
  const own = { key: NAMESPACE_NAME, operator: "NotIn", values: [namespace] };
  return {
    ...entry,
    namespaceSelector: { ...selector, matchExpressions: [...expressions, own] },
  };
}

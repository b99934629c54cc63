/**
 * Label selectors of the Kubernetes API (`metav1.LabelSelector`).
 *
 * @module
 */
import { isObject, type Json, type JsonObject, objectsIn, own } from "core/patch/json.ts";

/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Why a selector does not choose an object with these labels, as a condition that they do not fulfil; undefined where
 * it chooses it. A selector that is absent or empty chooses everything, as in a webhook configuration.
 */
export function whyUnselected(selector: Json | undefined, labels: Labels): string | undefined {
  if (!isObject(selector)) return undefined;
  const { matchLabels, matchExpressions } = selector;
  for (const [key, value] of Object.entries(isObject(matchLabels) ? matchLabels : {})) {
    if (own(labels as JsonObject, key) !== value) return `${key} is ${String(value)}`;
  }
  return objectsIn(matchExpressions).map((one) => unfulfilled(one, labels))
    .find((why) => why !== undefined);
}

function unfulfilled({ key, operator, values }: JsonObject, labels: Labels): string | undefined {
  const name = String(key);
  const value = own(labels as JsonObject, name);
  const all = Array.isArray(values) ? values : [];
  const list = all.map(String).join(", ");
  switch (operator) {
    case "In":
      return value !== undefined && all.includes(value) ? undefined : `${name} is one of ${list}`;
    case "NotIn":
      return value !== undefined && all.includes(value) ? `${name} is none of ${list}` : undefined;
    case "Exists":
      return value === undefined ? `${name} is there` : undefined;
    case "DoesNotExist":
      return value === undefined ? undefined : `${name} is not there`;
    default:
      // The API server takes no other; nobody knows what one would choose.
      return `${name}: operator ${String(operator)}`;
  }
}

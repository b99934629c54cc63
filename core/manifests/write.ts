/**
 * From values to the objects that a cluster is given, in the order in which it is given them.
 *
 * @module
 */
import type { Json, JsonObject } from "core/patch/json.ts";
import { definitions } from "./definitions.ts";
import { systemNamespace } from "./namespace.ts";
import { systemParts } from "./system.ts";
import { evaluate, isTrue, type Scope } from "./template/evaluate.ts";
import { type Node, When } from "./template/node.ts";

/** What is installed beside what values say. */
export interface InstallOptions {
  /** Kuma's control plane is there: its namespace, definitions and webhook configurations stay its own. */
  readonly besideKuma: boolean;
}

/**
 * The objects, in the order in which `kubectl apply` has to make them: namespace and definitions first, each
 * Deployment behind all that it needs. There is no Mesh among them: kubectl looks all kinds up before it makes the
 * first object, and would not find one whose definition is among them.
 */
export function systemObjects(scope: Scope, options: InstallOptions): JsonObject[] {
  const own = options.besideKuma ? [] : [systemNamespace(scope.namespace), ...definitions()];
  const parts = systemParts(options).flatMap(({ objects }) => objectsOf(objects, scope));
  return [...own, ...parts];
}

/** The objects of a list of which some may be conditional. */
export function objectsOf(nodes: readonly Node[], scope: Scope): JsonObject[] {
  return nodes.flatMap((node): Json[] => {
    if (!(node instanceof When)) return [evaluate(node, scope)];
    return isTrue(evaluate(node.test, scope)) ? objectsOf([node.then], scope) : [];
  }) as JsonObject[];
}

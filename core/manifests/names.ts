/**
 * Names and labels of what is installed.
 *
 * @module
 */
import { first, type Node, overlay, text, value } from "./template/node.ts";

/** What the names of all our objects begin with. */
export const STEM: Node = first(value("nameOverride"), "kuma");

/** An object's name: the stem and the rest of it. */
export const ownName = (rest: string): Node => text`${STEM}-${rest}`;

/** Group and version of roles and their bindings. */
export const RBAC = "rbac.authorization.k8s.io";

/** A program that is installed: how its objects are called, and what its pods are found by. */
export interface Program {
  readonly name: Node;
  readonly namespace: Node;
  /** Labels of the pods that selectors find. */
  readonly selector: { readonly [key: string]: Node };
  /** Further labels of every object. */
  readonly extraLabels?: Node;
}

/** The labels of a program's objects. */
export function labelsOf({ selector, extraLabels }: Program): Node {
  return extraLabels === undefined ? selector : overlay(extraLabels, selector);
}

/** Metadata of an object of a program that its namespace has. */
export function named(program: Program, name: Node = program.name): { [key: string]: Node } {
  return { name, namespace: program.namespace, labels: labelsOf(program) };
}

/** Metadata of an object of a program that the cluster has. */
export function namedInCluster(
  program: Program,
  name: Node = program.name,
): { [key: string]: Node } {
  return { name, labels: labelsOf(program) };
}

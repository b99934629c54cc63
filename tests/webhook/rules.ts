/**
 * Taking rights away one by one, to show that each is needed.
 *
 * @module
 */
import type { RoleRule } from "../../webhook/manifests.ts";

/** What a rule allows, one by one. */
export function pairs({ resources, verbs }: RoleRule): [resource: string, verb: string][] {
  return resources.flatMap((one) => verbs.map((verb): [string, string] => [one, verb]));
}

/** The rule less one of these. */
export function without(rule: RoleRule, resource: string, verb: string): RoleRule[] {
  const others = rule.resources.filter((one) => one !== resource);
  const verbs = rule.verbs.filter((one) => one !== verb);
  return [
    ...verbs.length === 0 ? [] : [{ ...rule, resources: [resource], verbs }],
    ...others.length === 0 ? [] : [{ ...rule, resources: others }],
  ];
}

/**
 * The kinds of `kuma.io`, by the name that paths and webhook rules use: which lists they are on, and how
 * an object of each says its mesh.
 *
 * @module
 */

const OLD_POLICIES = [
  "circuitbreakers",
  "externalservices",
  "faultinjections",
  "healthchecks",
  "meshgateways",
  "meshgatewayroutes",
  "proxytemplates",
  "ratelimits",
  "retries",
  "timeouts",
  "trafficlogs",
  "trafficpermissions",
  "trafficroutes",
  "traffictraces",
  "virtualoutbounds",
] as const;

const PLUGIN_POLICIES = [
  "meshaccesslogs",
  "meshcircuitbreakers",
  "meshfaultinjections",
  "meshhealthchecks",
  "meshhttproutes",
  "meshloadbalancingstrategies",
  "meshmetrics",
  "meshpassthroughs",
  "meshproxypatches",
  "meshratelimits",
  "meshretries",
  "meshtcproutes",
  "meshtimeouts",
  "meshtlses",
  "meshtraces",
  "meshtrafficpermissions",
] as const;

const PLUGIN_RESOURCES = [
  "hostnamegenerators",
  "meshexternalservices",
  "meshmultizoneservices",
  "meshservices",
] as const;

const PLUGINS: readonly string[] = [...PLUGIN_POLICIES, ...PLUGIN_RESOURCES];

/** Kinds of a mesh that are no policies. */
const MESH_OBJECTS = ["dataplanes", "dataplaneinsights", "serviceinsights"];

/** Kinds of no mesh. */
const OTHERS = [
  "meshes",
  "zones",
  "zoneinsights",
  "zoneingresses",
  "zoneingressinsights",
  "zoneegresses",
  "zoneegressinsights",
  "hostnamegenerators",
];

/** The rule of the defaulter. Kuma's chart has `zone` in place of `zones`, which matches nothing. */
export const DEFAULTED: readonly string[] = [
  "meshes",
  "dataplanes",
  "dataplaneinsights",
  "meshgateways",
  "zoneingresses",
  "zoneingressinsights",
  "zoneegresses",
  "zoneegressinsights",
  "serviceinsights",
  "zones",
  "zoneinsights",
  ...PLUGINS,
];

/** The rule of the owner reference. */
export const OWNED: readonly string[] = [...OLD_POLICIES, ...PLUGINS];

/** The rule of the validator. That `timeouts` are missing is Kuma's. */
export const VALIDATED: readonly string[] = [
  ...OLD_POLICIES.filter((one) => one !== "timeouts"),
  "dataplanes",
  "meshgatewayinstances",
  "meshes",
  "zones",
  "containerpatches",
  ...PLUGINS,
];

/** What is to be known of a kind. */
export interface KumaKind {
  /**
   * Where an object says its mesh: in the field `mesh` beside `spec`, which must be there; in its label,
   * without which it is the mesh `default`; nowhere, as it belongs to none.
   */
  readonly mesh: "field" | "label" | "none";
  readonly plugin: boolean;
}

const KINDS: ReadonlyMap<string, KumaKind> = new Map([
  ...[...OLD_POLICIES, ...MESH_OBJECTS].map((name) => entry(name, "field")),
  ...PLUGINS.map((name) => entry(name, "label")),
  ...OTHERS.map((name) => entry(name, "none")),
]);

function entry(name: string, mesh: KumaKind["mesh"]): [string, KumaKind] {
  return [name, { mesh, plugin: PLUGINS.includes(name) }];
}

/**
 * The kind of a resource; `undefined` for those of other groups, for those that only Kubernetes knows
 * (ContainerPatch, MeshGatewayInstance), and for any that came later.
 */
export function kumaKind(group: string, resource: string): KumaKind | undefined {
  return group === "kuma.io" ? KINDS.get(resource) : undefined;
}

/**
 * What a cluster needs to call this webhook, as plain objects: the two webhook configurations and the permissions of
 * core/manifests, which also `kumactl install control-plane` is made of.
 *
 * @module
 */
import * as access from "core/manifests/webhook/access.ts";
import * as configurations from "core/manifests/webhook/configurations.ts";
import { evaluate, NO_SCOPE } from "core/manifests/template/evaluate.ts";
import type { Node } from "core/manifests/template/node.ts";
import type { JsonObject } from "core/patch/json.ts";

/** Where API servers find the webhook. */
export interface ManifestOptions {
  readonly namespace: string;
  /** Name of the Service in front of the webhook. */
  readonly service: string;
  /** What happens to pods while no replica answers. */
  readonly failurePolicy?: "Fail" | "Ignore";
  /** `mode` of the settings; a global control plane has no pods and no Services. */
  readonly mode?: "zone" | "global";
  /** In place of the Service: a webhook outside the cluster. */
  readonly url?: string;
  /** CA certificates, PEM; `--generate-certs` writes them itself. */
  readonly caBundle?: string;
}

/** One rule of a role. */
export interface RoleRule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

/** What of the settings decides the permissions. */
export interface RuleMode {
  readonly configMaps?: boolean;
  readonly generateCerts?: boolean;
  /** Without this one a Mesh with Dataplanes in it is kept, and they must be seen for that. */
  readonly unsafeDelete?: boolean;
}

const plain = (node: Node) => evaluate(node, NO_SCOPE);

function called(options: ManifestOptions): configurations.CalledWebhook {
  const { namespace, service, url, failurePolicy = "Fail", mode = "zone" } = options;
  const bundle = options.caBundle === undefined
    ? {}
    : { caBundle: new TextEncoder().encode(options.caBundle).toBase64() };
  const client = (path: string) => ({
    ...url === undefined
      ? { service: { name: service, namespace, path } }
      : { url: `${url}${path}` },
    ...bundle,
  });
  return { client, failurePolicy, mode };
}

/** The mutating configuration. */
export function mutatingConfiguration(options: ManifestOptions): JsonObject {
  return plain(configurations.mutatingConfiguration(called(options))) as JsonObject;
}

/** The validating configuration. */
export function validatingConfiguration(options: ManifestOptions): JsonObject {
  return plain(configurations.validatingConfiguration(called(options))) as JsonObject;
}

/** Everything the webhook asks of the API server, cluster-wide; {@linkcode namespaceRules} has the rest. */
export function clusterRules(mode: RuleMode): RoleRule[] {
  const { configMaps = false, generateCerts = false, unsafeDelete = false } = mode;
  return plain(
    access.clusterRules({ configMaps, generateCerts, unsafeDelete }),
  ) as unknown as RoleRule[];
}

/** What is needed in the system namespace, where alone ContainerPatches count. */
export function namespaceRules(): RoleRule[] {
  return plain(access.namespaceRules()) as unknown as RoleRule[];
}

/** What somebody needs who asks for `/metrics` and `/explain`: paths, no resources. */
export function readerRules(): { nonResourceURLs: string[]; verbs: string[] }[] {
  return plain(access.readerRules()) as unknown as { nonResourceURLs: string[]; verbs: string[] }[];
}

/** With `--generate-certs`: what is needed in the webhook's own namespace. */
export function secretRules(secret: string): RoleRule[] {
  return plain(access.secretRules(secret)) as unknown as RoleRule[];
}

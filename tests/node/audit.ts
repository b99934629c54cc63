/**
 * What our programs asked of the API server, by its audit log, beside what they may ask.
 *
 * @module
 */
import type { TestNode } from "./node.ts";
import { nodeFiles } from "./spec.ts";

interface AuditEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly requestURI: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly apiGroup?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
}

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

interface Bound {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
}

const OURS = /^system:serviceaccount:(kuma-system|kube-system):(kuma-[a-z-]+)$/;

/** Rights by account: `kuma-controller: patch nodes`, and what was refused. */
export interface Rights {
  readonly granted: ReadonlySet<string>;
  readonly used: ReadonlySet<string>;
  /** Requests that were answered 403, one line each. */
  readonly denied: readonly string[];
}

/** From when to when an API server was not ready, in milliseconds since 1970. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the log and the roles that are named as our accounts. To be asked before they are removed.
 *
 * @param outage what was refused meanwhile does not count: an API server that starts denies until it has read the roles
 */
export async function rightsOf(node: TestNode, outage?: Outage): Promise<Rights> {
  const granted = new Set<string>();
  for (const kind of ["clusterroles", "roles"]) {
    const { items } = JSON.parse(await node.must(["get", kind, "-A", "-o", "json"])) as {
      items: Bound[];
    };
    for (const { metadata: { name }, rules } of items.filter(isOurs)) {
      for (const right of rules.flatMap(rightsOfRule)) granted.add(`${name}: ${right}`);
    }
  }
  const used = new Set<string>();
  const denied: string[] = [];
  const log = await Deno.readTextFile(nodeFiles(node.spec.dir).audit);
  for (const line of log.split("\n").filter((line) => line !== "")) {
    const event: AuditEvent = JSON.parse(line);
    const [, , account] = OURS.exec(event.user.username) ?? [];
    if (account === undefined) continue;
    const { resource, apiGroup = "", subresource } = event.objectRef ?? {};
    const at = Date.parse(event.requestReceivedTimestamp);
    const starting = outage !== undefined && at >= outage.from && at <= outage.to;
    if (event.responseStatus?.code === 403 && !starting) {
      denied.push(`${account}: ${event.verb} ${event.requestURI}`);
    }
    if (resource === undefined) continue;
    const name = subresource === undefined ? resource : `${resource}/${subresource}`;
    used.add(`${account}: ${event.verb} ${apiGroup === "" ? name : `${name}.${apiGroup}`}`);
  }
  return { granted, used, denied };
}

function isOurs({ metadata: { name } }: Bound): boolean {
  return ["kuma-webhook", "kuma-controller", "kuma-cni", "kuma-ebpf-loader"].includes(name);
}

function rightsOfRule({ apiGroups = [], resources = [], verbs }: Rule): string[] {
  return apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.map((verb) => `${verb} ${group === "" ? resource : `${resource}.${group}`}`)
    )
  );
}

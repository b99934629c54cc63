/**
 * Outbounds as Kuma had them before virtual addresses: each Dataplane lists whom its pod may reach. Computed from
 * all Dataplanes of the mesh and from the Services that their tags name.
 *
 * @module
 */
import { TAGS } from "core/kube/annotations.ts";
import { isObject, type Json, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { ServiceFacts } from "./facts.ts";
import { numberOf, textOf } from "./read_facts.ts";

/** Where a service is reached: an inbound of some Dataplane. */
export interface Endpoint {
  /** The tag `kuma.io/service`. */
  readonly service: string;
  readonly address: string;
  readonly port: number;
  /** The tag `kuma.io/instance`; empty for none. */
  readonly instance: string;
}

/** Endpoints of a mesh, by service. */
export type Endpoints = ReadonlyMap<string, readonly Endpoint[]>;

/** Whose outbounds are asked for. */
export interface OutboundsOf {
  readonly mesh: string;
  /** The pod's address: it does not reach itself by it. */
  readonly address: string;
  /** The services that it may reach; all where there are none. */
  readonly reachable: readonly string[];
}

/** The endpoints of a Dataplane: its inbounds that are not Ignored; those that are not ready count. */
export function endpointsOf(spec: Json | undefined): Endpoint[] {
  const networking = isObject(spec) && isObject(spec.networking) ? spec.networking : {};
  return objectsIn(networking.inbound).flatMap(({ state, tags, address, port }) => {
    const { [TAGS.service]: service, [TAGS.instance]: instance } = isObject(tags) ? tags : {};
    if (state === "Ignored" || typeof service !== "string" || service === "") return [];
    return [{
      service,
      address: textOf(address) || textOf(networking.address),
      port: numberOf(port),
      instance: textOf(instance),
    }];
  });
}

/**
 * The outbounds of one pod, sorted by service: the cluster IP of each Service, or each pod of a headless one. Tags of
 * pods without a Service, and Services that are gone or only names, give none.
 */
export function outboundsOf(
  { address, reachable }: OutboundsOf,
  endpoints: Endpoints,
  serviceOf: (namespace: string, name: string) => ServiceFacts | undefined,
): JsonObject[] {
  return [...endpoints.keys()].sort().flatMap((tag) => {
    const [name = "", namespace = "", word, port = "", ...more] = tag.split("_");
    if (word !== "svc" || !/^[0-9]{1,5}$/.test(port) || more.length > 0) return [];
    if (reachable.length > 0 && !reachable.includes(tag)) return [];
    const service = serviceOf(namespace, name);
    if (service === undefined || service.externalName) return [];
    if (service.headless) return single(endpoints.get(tag) ?? [], address);
    if (service.address === "") return [];
    return [{ address: service.address, port: Number(port), tags: { [TAGS.service]: tag } }];
  });
}

/** Each pod of a headless Service but the own one. */
function single(endpoints: readonly Endpoint[], own: string): JsonObject[] {
  return endpoints.filter(({ address }) => address !== own)
    .map(({ service, address, port, instance }) => ({
      address,
      port,
      tags: { [TAGS.service]: service, ...(instance === "" ? {} : { [TAGS.instance]: instance }) },
    }))
    .sort((a, b) => a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port);
}

/**
 * All endpoints of each mesh, kept along with the Dataplanes: what legacy outbounds are made of.
 *
 * @module
 */
import type { Informer } from "core/cluster/informer.ts";
import { type DataplaneFacts, endpointsIn } from "core/dataplane/object.ts";
import type { Endpoint, Endpoints } from "core/dataplane/outbounds.ts";

/** The part of a mesh that one Dataplane is. */
interface Part {
  readonly mesh: string;
  readonly endpoints: readonly Endpoint[];
}

/** Endpoints by mesh and service. */
export class MeshEndpoints {
  readonly #meshes = new Map<string, Map<string, Endpoint[]>>();
  readonly #parts = new Map<string, Part>();

  /**
   * Follows the Dataplanes until the function that it returns is called; tells when the outbounds of a mesh's pods may
   * be others: a service came or went, or a pod that is called by its name did.
   */
  follow(
    dataplanes: Pick<Informer<DataplaneFacts>, "subscribe">,
    changed: (mesh: string) => void,
  ): () => void {
    this.#meshes.clear();
    this.#parts.clear();
    return dataplanes.subscribe((event) => {
      const before = this.#parts.get(event.key);
      const after = event.type === "deleted" ? undefined : endpointsIn(event.object);
      if (JSON.stringify(before) === JSON.stringify(after)) return;
      const meshes = new Set<string>();
      if (before !== undefined && this.#remove(before)) meshes.add(before.mesh);
      if (after !== undefined && this.#add(after)) meshes.add(after.mesh);
      if (after === undefined) this.#parts.delete(event.key);
      else this.#parts.set(event.key, after);
      for (const mesh of meshes) changed(mesh);
    });
  }

  /** Those of a mesh, by service. */
  of(mesh: string): Endpoints {
    return this.#meshes.get(mesh) ?? new Map();
  }

  /** The meshes that have any. */
  meshes(): Iterable<string> {
    return this.#meshes.keys();
  }

  #add({ mesh, endpoints }: Part): boolean {
    let matters = false;
    const services = this.#meshes.get(mesh) ?? new Map<string, Endpoint[]>();
    this.#meshes.set(mesh, services);
    for (const endpoint of endpoints) {
      const list = services.get(endpoint.service);
      if (list === undefined) services.set(endpoint.service, [endpoint]);
      else list.push(endpoint);
      matters ||= list === undefined || endpoint.instance !== "";
    }
    return matters;
  }

  #remove({ mesh, endpoints }: Part): boolean {
    let matters = false;
    const services = this.#meshes.get(mesh);
    for (const endpoint of endpoints) {
      const list = services?.get(endpoint.service) ?? [];
      const at = list.indexOf(endpoint);
      if (at >= 0) list.splice(at, 1);
      if (list.length === 0) services?.delete(endpoint.service);
      matters ||= list.length === 0 || endpoint.instance !== "";
    }
    return matters;
  }
}

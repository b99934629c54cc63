/**
 * Pods that have resources of their own (`spec.resources`, Kubernetes 1.34). The API server refuses a
 * container whose limit is above the pod's, and containers that request more than the pod; it even writes the
 * pod's request down itself, before we add containers. Who reads of "containers[0]" then has no such container.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { CONTAINERS } from "core/kube/annotations.ts";
import { isObject, type JsonObject, own, scalarText } from "core/patch/json.ts";
import { quantityOf, thousandths } from "./quantity.ts";

/** The containers of a pod with ours among them, and the pod's own resources. */
export interface PodParts {
  readonly containers: readonly JsonObject[];
  readonly initContainers: readonly JsonObject[];
  /** Absent where the pod has none of its own. */
  readonly resources?: JsonObject;
}

/** What a pod may have of its own; huge pages are none of ours. */
const KINDS = ["cpu", "memory"] as const;
type Kind = typeof KINDS[number];
const OURS: readonly string[] = [CONTAINERS.sidecar, CONTAINERS.init, CONTAINERS.validation];

/**
 * Makes room: our limits go down to the pod's, and the pod's requests go up to what its containers ask for
 * together. Gives a warning for each change.
 *
 * @throws KumaError `KUMA-WH-015` where the pod's limits leave no room for what is requested.
 */
export function withinPodResources(parts: PodParts): { parts: PodParts; warnings: string[] } {
  const warnings: string[] = [];
  if (parts.resources === undefined) return { parts, warnings };
  let { containers, initContainers, resources } = parts;
  for (const kind of KINDS) {
    const limit = amount(resources, "limits", kind);
    if (limit !== undefined) {
      const lower = (list: readonly JsonObject[]) =>
        list.map((container) => lowered(container, kind, limit, warnings));
      [containers, initContainers] = [lower(containers), lower(initContainers)];
    }
    const together = requested(containers, initContainers, kind);
    if (limit !== undefined && together > limit) throw noRoom(kind, limit, together);
    const own = amount(resources, "requests", kind);
    if (own === undefined || together <= own) continue;
    const text = quantityOf(together);
    resources = { ...resources, requests: { ...section(resources, "requests"), [kind]: text } };
    warnings.push(`the pod's own resources.requests.${kind} is raised to ${text} for kuma-sidecar`);
  }
  return { parts: { containers, initContainers, resources }, warnings };
}

function lowered(
  container: JsonObject,
  kind: Kind,
  most: number,
  warnings: string[],
): JsonObject {
  const { name, resources } = container;
  if (typeof name !== "string" || !OURS.includes(name) || !isObject(resources)) return container;
  const limit = amount(resources, "limits", kind);
  if (limit === undefined || limit <= most) return container;
  const text = quantityOf(most);
  warnings.push(`the ${kind} limit of ${name} is lowered to ${text}, which the pod may use`);
  const limits = { ...section(resources, "limits"), [kind]: text };
  return { ...container, resources: { ...resources, limits } };
}

/**
 * What all containers request together, as the scheduler counts: restartable init containers stay, others run
 * before the rest and one at a time.
 */
function requested(
  containers: readonly JsonObject[],
  initContainers: readonly JsonObject[],
  kind: Kind,
): number {
  const of = ({ resources }: JsonObject) =>
    isObject(resources)
      ? amount(resources, "requests", kind) ?? amount(resources, "limits", kind) ?? 0
      : 0;
  let staying = 0;
  let highest = 0;
  for (const container of initContainers) {
    if (container.restartPolicy === "Always") staying += of(container);
    highest = Math.max(
      highest,
      staying + (container.restartPolicy === "Always" ? 0 : of(container)),
    );
  }
  return Math.max(highest, staying + containers.reduce((sum, one) => sum + of(one), 0));
}

/** In thousandths; undefined for what is absent, or none that the API server would take. */
function amount(
  resources: JsonObject,
  name: "requests" | "limits",
  kind: Kind,
): number | undefined {
  const value = own(section(resources, name), kind);
  if (value === undefined || value === null) return undefined;
  const read = thousandths(scalarText(value));
  return Number.isNaN(read) ? undefined : read;
}

function section(resources: JsonObject, name: "requests" | "limits"): JsonObject {
  const value = resources[name];
  return isObject(value) ? value : {};
}

function noRoom(kind: Kind, limit: number, together: number): KumaError {
  return new KumaError(
    "KUMA-WH-015",
    `the pod's own resources.limits.${kind} is ${quantityOf(limit)}, and its containers request ` +
      `${quantityOf(together)} together with kuma-sidecar`,
    { hint: `raise it, or let kuma-sidecar request less with a ContainerPatch` },
  );
}

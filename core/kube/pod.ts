/**
 * What a node's programs look at in a Pod (core/v1), and nothing else.
 *
 * @module
 */

/** A pod as far as interception goes. */
export interface PodView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of the containers, in their order. */
  readonly containers: readonly string[];
  readonly initContainers: readonly string[];
}

/** The view of an API object; undefined where it is not the shape of a Pod. */
export function viewPod(value: unknown): PodView | undefined {
  if (!isRecord(value) || !isRecord(value.metadata) || !isRecord(value.spec)) return undefined;
  const { namespace, name, uid, annotations = {} } = value.metadata;
  if (typeof namespace !== "string" || typeof name !== "string" || typeof uid !== "string") {
    return undefined;
  }
  const containers = containerNames(value.spec.containers ?? []);
  const initContainers = containerNames(value.spec.initContainers ?? []);
  if (containers === undefined || initContainers === undefined) return undefined;
  if (!isTexts(annotations)) return undefined;
  return { namespace, name, uid, annotations, containers, initContainers };
}

function containerNames(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const names: unknown[] = value.map((one: unknown) => isRecord(one) ? one.name : undefined);
  return names.every((name) => typeof name === "string") ? names : undefined;
}

function isTexts(value: unknown): value is Record<string, string> {
  return isRecord(value) && Object.values(value).every((one) => typeof one === "string");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

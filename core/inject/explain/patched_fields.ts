/**
 * Which fields ContainerPatches changed: the pod is injected once more for each patch, with the patches
 * before it and that one, and the results are compared.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { InjectionContext } from "../context.ts";
import { type Injection, injectPod } from "../inject.ts";
import { Inputs } from "../inputs.ts";
import { patchNames } from "../options.ts";
import type { PodView } from "../pod.ts";
import { changedFields } from "./fields.ts";

/** Paths of fields, each with the last patch that changed it and what named that patch. */
export async function patchedFields(
  pod: PodView,
  injection: Injection,
  context: InjectionContext,
): Promise<Map<string, string>> {
  const names = patchNames(new Inputs(pod.annotations, context.settings, context.origins));
  const named = injection.decisions.find((one) => one.option === "container patches")?.source ?? "";
  const changed = new Map<string, string>();
  if (names.length === 0) return changed;
  let before = await withFirst(0, pod, context);
  let pending: string[] = [];
  for (const [at, name] of names.entries()) {
    pending.push(name);
    const after = at + 1 === names.length ? injection : await withFirst(at + 1, pod, context);
    // A container may be invalid until a later patch has been at it: then they did it together.
    if (after === undefined) continue;
    const source = `ContainerPatch ${pending.join(", ")} (${named})`;
    const from = before?.pod ?? pod.object;
    for (const { path } of changedFields(from, after.pod)) changed.set(path, source);
    before = after;
    pending = [];
  }
  return changed;
}

/** The injection with only the first patches; the others are there, and empty. */
async function withFirst(
  count: number,
  pod: PodView,
  context: InjectionContext,
): Promise<Injection | undefined> {
  const { cluster } = context;
  let asked = 0;
  const first: InjectionContext = {
    ...context,
    cluster: {
      namespace: (name) => cluster.namespace(name),
      hasMesh: (name) => cluster.hasMesh(name),
      configMap: (namespace, name) => cluster.configMap(namespace, name),
      // Patches are looked up once each, in their order.
      containerPatch: (name) => asked++ < count ? cluster.containerPatch(name) : {},
    },
  };
  try {
    return await injectPod(pod, first);
  } catch (thrown) {
    if (thrown instanceof KumaError) return undefined;
    throw thrown;
  }
}

/**
 * Whether pods that should be in the mesh are, and whole.
 *
 * @module
 */
import { CLUSTER_SECTIONS } from "core/check/cluster.ts";
import { failed, ok, type Outcome, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { type Found, valueOf } from "core/cluster/reader.ts";
import { isCalled } from "core/inject/called.ts";
import { decideRepair, repairMessage } from "core/interception/repair.ts";
import { skipByName } from "core/interception/skip.ts";
import { LABELS } from "core/kube/annotations.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { MeshedPod } from "./meshed.ts";
import type { NamespaceFacts } from "./namespaces.ts";
import type { ScannedPods } from "./scan.ts";
import { type ClusterSubject, unread } from "./subject.ts";

const DATAPLANES = "/apis/kuma.io/v1alpha1/dataplanes";
/** A pod that has just started may not have its Dataplane yet. */
const PATIENCE_MS = 30_000;

/** The section. */
export function podsSection(subject: ClusterSubject): Section {
  const scanned =
    (judge: (pods: ScannedPods) => Outcome | undefined | Promise<Outcome | undefined>) =>
    async () => {
      const pods = await subject.pods();
      if (pods.is === "unreadable") return unread(pods);
      return pods.is === "found" ? await judge(pods.value) : undefined;
    };
  return section("pods", CLUSTER_SECTIONS.pods, {
    "pods-labels": scanned((pods) => labels(subject, pods)),
    "pods-injected": scanned((pods) => injected(subject, pods)),
    "pods-intercepted": scanned((pods) => intercepted(subject, pods)),
    "pods-dataplanes": scanned((pods) => dataplanes(subject, pods)),
    "pods-meshes": scanned((pods) => meshes(subject, pods)),
  });
}

async function labels(subject: ClusterSubject, { meaningless }: ScannedPods): Promise<Outcome> {
  const namespaces = await subject.namespaces();
  if (namespaces.is === "unreadable") return unread(namespaces);
  const configuration = valueOf(await subject.configuration());
  const { injectionAnnotation } = (await subject.settings()).parts.injector;
  const found = [...valueOf(namespaces) ?? []].flatMap(([name, facts]) =>
    ofNamespace(name, facts, configuration, injectionAnnotation)
  );
  const all = [...found, ...meaningless];
  return all.length > 0 ? warning(all) : ok();
}

const SWITCHES = ["enabled", "true", "yes", "disabled", "false", "no"];

function ofNamespace(
  name: string,
  { labels, annotations }: NamespaceFacts,
  configuration: JsonObject | undefined,
  injectionAnnotation: boolean,
): string[] {
  const key = LABELS.sidecarInjection;
  const value = labels[key];
  const lines: string[] = [];
  const say = (what: string) => lines.push(`namespace ${name}: ${what}`);
  if (!injectionAnnotation && annotations[key] !== undefined) {
    say(`annotation ${key} has no effect, use the label of that name`);
  }
  if (value === undefined) return lines;
  if (!SWITCHES.includes(value)) say(`label ${key} is "${value}", which is neither on nor off`);
  else if (SWITCHES.indexOf(value) < 3 && configuration !== undefined) {
    const { called, reason } = isCalled(configuration, labels, {});
    if (!called) {
      say(`label ${key} is ${value}, and the API server does not ask the injector: ${reason}`);
    }
  }
  return lines;
}

async function injected(subject: ClusterSubject, pods: ScannedPods): Promise<Outcome> {
  const namespaces = await subject.namespaces();
  if (namespaces.is === "unreadable") return unread(namespaces);
  if (pods.unmeshed.length > 0) {
    return failed(pods.unmeshed.map(({ pod, why }) => `${pod}: ${why}`));
  }
  const { meshed, count } = pods;
  return ok(`${meshed.length} of ${count} pods have one`);
}

async function intercepted(subject: ClusterSubject, pods: ScannedPods): Promise<Outcome> {
  const exempt = await subject.exempt();
  const wrong = pods.meshed.flatMap((pod) => {
    const early = pod.byInit || exempt === undefined ? undefined : skipByName(pod, exempt);
    const why = whyUnintercepted(pod, pods, early);
    return why === undefined ? [] : [`${pod.namespace}/${pod.name}: ${why}`];
  });
  if (wrong.length > 0) return failed(wrong);
  const byInit = pods.meshed.filter((one) => one.byInit).length;
  const tried = pods.meshed.filter((one) => one.passed).length;
  return ok(
    `${byInit} by kuma-init, ${pods.meshed.length - byInit} by kuma-cni (${tried} have tried it)`,
  );
}

function whyUnintercepted(
  pod: MeshedPod,
  { installers }: ScannedPods,
  early: string | undefined,
): string | undefined {
  if (pod.failure !== undefined) return pod.failure;
  if (pod.byInit) return undefined;
  const skipped = early ?? pod.skipped;
  if (skipped !== undefined) return `kuma-cni leaves it alone: ${skipped}`;
  const there = installers.filter(({ node }) => node === pod.node);
  if (pod.check !== undefined) {
    return repairMessage(pod.check, decideRepair(pod.check, there, "report"));
  }
  if (pod.node === "" || pod.passed || there.length > 0) return undefined;
  return `it has no kuma-init, and no pod of the CNI is on its node ${pod.node}`;
}

async function dataplanes(subject: ClusterSubject, { meshed }: ScannedPods): Promise<Outcome> {
  const found = await subject.reader.list(DATAPLANES, keyOfDataplane);
  if (found.is === "unreadable") return unread(found);
  if (found.is === "absent" && meshed.length > 0) {
    return failed("the API server knows no Dataplanes: their definition is not installed");
  }
  const there = new Set((valueOf(found) ?? []).map(({ key }) => key));
  const now = Date.now();
  const young = (at: number | undefined) => at !== undefined && now - at < PATIENCE_MS;
  const missing = meshed.filter(({ namespace, name, addressed, startedAt, skipped }) =>
    // Without the annotation it is no pod that the controller knows.
    addressed && skipped === undefined && !young(startedAt) && !there.has(`${namespace}/${name}`)
  );
  if (missing.length > 0) {
    return failed(missing.map(({ namespace, name }) => `${namespace}/${name} has none`));
  }
  const pods = new Set(meshed.map(({ namespace, name }) => `${namespace}/${name}`));
  const left = (valueOf(found) ?? []).filter(({ key, ofPod }) => ofPod && !pods.has(key));
  return left.length > 0
    ? warning(left.map(({ key }) => `Dataplane ${key}: its pod is gone, or has no sidecar`))
    : ok(`${there.size}`);
}

function keyOfDataplane({ metadata }: JsonObject): { key: string; ofPod: boolean } {
  const { namespace, name, ownerReferences } = isObject(metadata) ? metadata : {};
  const ofPod = objectsIn(ownerReferences).some(({ kind }) => kind === "Pod");
  return { key: `${String(namespace)}/${String(name)}`, ofPod };
}

async function meshes(subject: ClusterSubject, pods: ScannedPods): Promise<Outcome> {
  const found: Found<string[]> = await subject.meshes();
  if (found.is === "unreadable") return unread(found);
  const known = new Set(valueOf(found) ?? []);
  const missing = [...pods.meshes].filter(([name]) => !known.has(name));
  if (missing.length > 0) {
    return failed(
      missing.map(([name, count]) => `Mesh ${name}, of ${count === 1 ? "1 pod" : `${count} pods`}`),
    );
  }
  return known.size === 0
    ? warning("there is no Mesh: every pod of the mesh is denied")
    : ok([...known].join(", "));
}

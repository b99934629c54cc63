/**
 * A pod of a file: what would become of it, without asking a cluster.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { readService } from "core/dataplane/read_facts.ts";
import type { Explanation } from "core/inject/explain/explain.ts";
import { podOf, readObjects, WORKLOADS } from "core/inject/explain/objects.ts";
import { isObject, type JsonObject } from "core/patch/json.ts";
import type { SettingsDocument } from "core/settings/load.ts";
import type { Io } from "core/program/io.ts";
import { readText } from "core/program/read_text.ts";
import type { PodExplanation } from "./document.ts";
import { explained } from "./explained.ts";
import { injectedPod, LONGEST_FILE, placed } from "./injected_pod.ts";
import type { PodSubject } from "./subject.ts";

/** An address for documentation (RFC 5737). */
const ADDRESS = "192.0.2.10";

/**
 * Explains every pod and workload of the files.
 *
 * @throws {KumaError} `KUMA-CP-012` there is none, `KUMA-WH-001` a file cannot be read, or is no YAML.
 */
export async function explainFiles(
  paths: readonly string[],
  io: Io,
  { namespace, document }: { namespace: string; document: SettingsDocument | undefined },
): Promise<PodExplanation[]> {
  const objects: JsonObject[] = [];
  for (const path of paths) {
    const text = await readText(io, path, { limit: LONGEST_FILE, code: "KUMA-WH-001" });
    objects.push(...readObjects(text, path));
  }
  const pods = objects.flatMap((object) => podOf(object) ?? []);
  if (pods.length === 0) {
    throw new KumaError("KUMA-CP-012", `${paths.join(", ")}: there is no pod in it`, {
      hint: `${WORKLOADS.join(", ")} are explained`,
    });
  }
  const documents: PodExplanation[] = [];
  for (const { what, pod } of pods) {
    documents.push(await explainOne(placed(pod, namespace, what), objects, document));
  }
  return documents;
}

async function explainOne(
  pod: JsonObject,
  objects: readonly JsonObject[],
  document: SettingsDocument | undefined,
): Promise<PodExplanation> {
  const { explanation, cluster, assumed, injector, dataplaneSettings } = await injectedPod(
    pod,
    objects,
    document,
  );
  const { name, namespace } = pod.metadata as Record<string, string>;
  const view = cluster.namespace(namespace ?? "");
  const services = objects.filter(({ kind }) => kind === "Service").map(inNamespace)
    .map(readService);
  const running = { phase: "Running", podIP: ADDRESS };
  const subject: PodSubject = {
    pod: { ...explanation.pod ?? pod, status: running },
    namespace: { is: "found", value: { metadata: { name: namespace ?? "", ...view } } },
    configuration: { is: "absent" },
    injector: injector.settings,
    dataplaneSettings,
    mesh: (one) => Promise.resolve(meshIn(objects, one)),
    services: { is: "found", value: services },
    slices: { is: "found", value: [] },
    node: undefined,
    owners: new Map(),
    dataplane: undefined,
    cniPods: undefined,
    exempt: undefined,
    events: [],
    unread: [],
    assumed: [
      ...assumed.assumptions(),
      ...(document === undefined ? ["the control plane has the default settings"] : []),
      `its address is ${ADDRESS}`,
    ],
  };
  return await explained(named(subject, String(name)), {
    source: "file",
    part: partOf(explanation),
    problems: explanation.verdict === "denied" ? [denial(explanation)] : [],
    warnings: explanation.warnings,
  });
}

function named(subject: PodSubject, name: string): PodSubject {
  const metadata = isObject(subject.pod.metadata) ? subject.pod.metadata : {};
  return { ...subject, pod: { ...subject.pod, metadata: { ...metadata, name } } };
}

function inNamespace(object: JsonObject): JsonObject {
  const metadata = isObject(object.metadata) ? object.metadata : {};
  return { ...object, metadata: { namespace: "default", ...metadata } };
}

function meshIn(objects: readonly JsonObject[], name: string) {
  const found = objects.find(({ kind, metadata }) =>
    kind === "Mesh" && isObject(metadata) && metadata.name === name
  );
  return { is: "found", value: found ?? { metadata: { name } } } as const;
}

function partOf({ verdict, reason, options }: Explanation): PodExplanation["injection"] {
  const mesh = options.find(({ option }) => option === "mesh");
  return {
    verdict,
    reason,
    ...(mesh === undefined ? {} : { mesh: mesh.value, meshSource: mesh.source }),
  };
}

function denial({ reason, code }: Explanation): string {
  return `it would be denied: ${reason}${code === undefined ? "" : ` [${code}]`}`;
}

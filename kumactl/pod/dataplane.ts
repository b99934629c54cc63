/**
 * The Dataplane that a pod should have, and the one that it has.
 *
 * @module
 */
import { type Found, valueOf } from "core/cluster/reader.ts";
import { decideDataplane } from "core/dataplane/decide.ts";
import type { Decision, Surroundings } from "core/dataplane/decision.ts";
import type { PodFacts } from "core/dataplane/facts.ts";
import { membershipOf } from "core/dataplane/membership.ts";
import { meshOf } from "core/dataplane/mesh_of.ts";
import { differences, readDataplane } from "core/dataplane/object.ts";
import { readNamespace, readNode } from "core/dataplane/read_facts.ts";
import { readPod } from "core/dataplane/read_pod.ts";
import { TAGS } from "core/kube/annotations.ts";
import { isObject, type JsonObject, objectsIn } from "core/patch/json.ts";
import type { DataplanePart } from "./document.ts";
import type { PodSubject } from "./subject.ts";

/** The part, and what is wrong and what should be changed. */
export interface ExplainedDataplane {
  readonly part: DataplanePart;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Differences that are named at most. */
const MOST = 20;

/** Decides as the controller does, and compares. */
export async function explainDataplane(subject: PodSubject): Promise<ExplainedDataplane> {
  const pod = readPod(subject.pod);
  if (pod === undefined) {
    return answer(subject, { is: "ignored", why: "the mesh has nothing to do with it" });
  }
  const blind = notSeen(subject);
  if (blind !== undefined) {
    const part: DataplanePart = {
      ...there(subject),
      wanted: "unknown",
      reason: blind,
      differences: [],
      inbounds: [],
    };
    return { part, problems: [], warnings: [] };
  }
  const { zoneName, ignoredServiceSelectorLabels: ignoredSelectorLabels } =
    subject.dataplaneSettings;
  const settings = { zone: zoneName, ignoredSelectorLabels };
  const decision = decideDataplane({ pod, around: await surroundings(pod, subject), settings });
  return answer(subject, decision);
}

/** What decides it and could not be looked at. */
function notSeen({ namespace, services, slices, node, owners }: PodSubject): string | undefined {
  // Services with a selector say by themselves which pods they have.
  const byHand = valueOf(services)?.some(({ selector }) => selector === undefined) === true;
  const parts: [string, Found<unknown> | undefined][] = [
    ["its namespace", namespace],
    ["the Services of its namespace", services],
    ["the EndpointSlices of its namespace", byHand ? slices : undefined],
    ["its node", node],
    ...[...owners].map(([name, found]): [string, Found<unknown>] => [name, found]),
  ];
  const blind = parts.filter(([, found]) => found?.is === "unreadable").map(([name]) => name);
  return blind.length === 0 ? undefined : `${blind.join(", ")} may not be read`;
}

async function surroundings(pod: PodFacts, subject: PodSubject): Promise<Surroundings> {
  const { nodeLabelsToCopy } = subject.dataplaneSettings;
  const object = valueOf(subject.namespace);
  const namespace = object === undefined ? undefined : readNamespace(object);
  const mesh = namespace === undefined
    ? undefined
    : await subject.mesh(meshOf(pod, namespace).mesh);
  const node = subject.node === undefined ? undefined : valueOf(subject.node);
  const slices = valueOf(subject.slices) ?? [];
  return {
    namespace,
    services: valueOf(subject.services) ?? [],
    backs: (service) =>
      slices.some((one) => one.service === service && one.podUids.includes(pod.uid)),
    nodeLabels: node === undefined ? undefined : readNode(node, nodeLabelsToCopy),
    ownersOf: (kind, name) => {
      const found = subject.owners.get(`${kind} ${name}`);
      // The controller, too, waits for an owner that it does not know.
      return found === undefined ? undefined : valueOf(found);
    },
    ...(mesh === undefined || mesh.is === "unreadable" ? {} : {
      membership: () => mesh.is === "found" ? membershipOf(mesh.value.spec) : undefined,
    }),
  };
}

function there({ dataplane }: PodSubject): Pick<DataplanePart, "found"> {
  if (dataplane === undefined) return { found: "not asked" };
  if (dataplane.is === "unreadable") return { found: "unknown" };
  return { found: dataplane.is === "found" ? "present" : "absent" };
}

function answer(subject: PodSubject, decision: Decision): ExplainedDataplane {
  const { found } = there(subject);
  const object = subject.dataplane === undefined ? undefined : valueOf(subject.dataplane);
  const base = { found, wanted: decision.is, differences: [], inbounds: [] } as const;
  const warnings = "warnings" in decision ? decision.warnings.map(({ message }) => message) : [];
  switch (decision.is) {
    case "ignored":
      return { part: { ...base, reason: decision.why }, problems: [], warnings };
    case "absent": {
      const surplus = found === "present" ? [`a Dataplane is left, although ${decision.why}`] : [];
      return { part: { ...base, reason: decision.why }, problems: surplus, warnings };
    }
    case "waiting":
      return waiting(base, decision.what);
    case "faulty": {
      const reason = decision.problems.map(({ field, message }) => `${field}: ${message}`).join(
        "; ",
      );
      const problems = [`no Dataplane can be made of it: ${reason}`];
      return { part: { ...base, reason }, problems, warnings };
    }
    case "present": {
      const { dataplane } = decision;
      // Outbounds are there only where Kuma is told so, and are made of all Dataplanes of the mesh.
      const wanted = { ...dataplane, spec: withOutboundsOf(dataplane.spec, object, subject) };
      const differing = object === undefined
        ? []
        : differences(readDataplane(object), wanted, MOST);
      const missing = found === "absent"
        ? ["it has no Dataplane: nobody in the mesh can reach it"]
        : [];
      const other = differing.length === 0
        ? []
        : [`its Dataplane is not as it should be: ${differing.join(", ")}`];
      return {
        part: { ...base, differences: differing, inbounds: inboundsOf(dataplane.spec) },
        problems: [...missing, ...other],
        warnings,
      };
    }
  }
}

function waiting(base: Omit<DataplanePart, "reason">, what: string): ExplainedDataplane {
  const reason = `${what} is not there`;
  return {
    part: { ...base, reason },
    problems: base.found === "present" ? [] : [`its Dataplane waits: ${reason}`],
    warnings: [],
  };
}

function withOutboundsOf(
  spec: JsonObject,
  object: JsonObject | undefined,
  { dataplaneSettings }: PodSubject,
): JsonObject {
  const present = isObject(object?.spec) && isObject(object.spec.networking)
    ? object.spec.networking.outbound
    : undefined;
  if (dataplaneSettings.outboundsAsVips || present === undefined) return spec;
  return { ...spec, networking: { ...spec.networking as JsonObject, outbound: present } };
}

function inboundsOf({ networking }: JsonObject): string[] {
  const { inbound, gateway } = isObject(networking) ? networking : {};
  const lines = objectsIn(inbound).map(({ port, tags }) => {
    const { [TAGS.service]: service, [TAGS.protocol]: protocol } = isObject(tags) ? tags : {};
    return `${String(port)} ${String(service)} (${String(protocol ?? "tcp")})`;
  });
  if (!isObject(gateway)) return lines;
  const tags = isObject(gateway.tags) ? gateway.tags : {};
  return [...lines, `gateway ${String(tags[TAGS.service])}`];
}

/**
 * Whether the programs run, may do what they need, and are of one version.
 *
 * @module
 */
import { CLUSTER_SECTIONS } from "core/check/cluster.ts";
import { failed, ok, type Outcome, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { valueOf } from "core/cluster/reader.ts";
import { nameOf, type Program } from "./program_facts.ts";
import { rights } from "./rights.ts";
import { type ClusterSubject, unread } from "./subject.ts";

/** The section. */
export function programsSection(subject: ClusterSubject): Section {
  return section("programs", CLUSTER_SECTIONS.programs, {
    "programs-rollout": () => rollout(subject),
    "programs-rights": () => rights(subject),
    "programs-versions": () => versions(subject),
  });
}

async function rollout(subject: ClusterSubject): Promise<Outcome> {
  const deployments = await subject.deployments();
  const daemonSets = await subject.daemonSets();
  for (const found of [deployments, daemonSets]) {
    if (found.is === "unreadable") return unread(found);
  }
  const programs = [...valueOf(deployments) ?? [], ...valueOf(daemonSets) ?? []];
  if (programs.length === 0) {
    return failed(
      `there is no Deployment of ours in namespace ${await subject.system()}, and no DaemonSet`,
      {
        todo: "install it: kumactl install control-plane | kubectl apply -f -",
      },
    );
  }
  const open = programs.flatMap((program) => {
    const why = whyOpen(program);
    return why === undefined ? [] : [`${nameOf(program)}: ${why}`];
  });
  if (open.length > 0) return failed(open);
  const makers = ["kuma-controller", "control-plane"];
  if (!programs.some(({ container }) => makers.includes(container))) {
    const where = `namespace ${await subject.system()}`;
    return warning(
      `neither the controller nor Kuma's control plane is in ${where}: who makes Dataplanes?`,
    );
  }
  return ok(...programs.map((one) => `${nameOf(one)}: ${one.available} of ${one.wanted}`));
}

function whyOpen({ wanted, updated, available, unobserved, stuck }: Program): string | undefined {
  if (unobserved) return "its newest version has not been looked at by Kubernetes yet";
  if (wanted === 0) return "no pod of it is wanted";
  const more = stuck === undefined ? "" : ` (${stuck})`;
  if (updated < wanted) return `${updated} of ${wanted} pods are of the newest version${more}`;
  return available < wanted ? `${available} of ${wanted} pods are available${more}` : undefined;
}

async function versions(subject: ClusterSubject): Promise<Outcome> {
  const [deployments, daemonSets, pods] = [
    await subject.deployments(),
    await subject.daemonSets(),
    await subject.pods(),
  ];
  for (const found of [deployments, daemonSets, pods]) {
    if (found.is === "unreadable") return unread(found);
  }
  const programs = [...valueOf(deployments) ?? [], ...valueOf(daemonSets) ?? []]
    .filter(({ container }) => container !== "control-plane");
  const tags = new Map<string, string[]>();
  for (const one of programs) {
    const tag = tagOf(one.image);
    tags.set(tag, [...tags.get(tag) ?? [], nameOf(one)]);
  }
  const differing = tags.size < 2
    ? []
    : [...tags].map(([tag, names]) => `${tag || "no tag"}: ${names.join(", ")}`);
  const found = [...differing, ...await oldSidecars(subject)];
  return found.length > 0 ? warning(found) : ok(...[...tags.keys()].slice(0, 1));
}

/** Pods whose images are not those that the injector gives now. */
async function oldSidecars(subject: ClusterSubject): Promise<string[]> {
  const meshed = valueOf(await subject.pods())?.meshed ?? [];
  const { source } = await subject.deployed();
  // Without the injector's own settings nobody knows what it gives.
  if (source === undefined) return [];
  const { sidecarImage, initImage } = (await subject.settings()).parts.injector;
  const wanted = [
    ["sidecarImage", sidecarImage, "sidecar"],
    ["initImage", initImage, "init container"],
  ] as const;
  return wanted.flatMap(([key, image, what]) => {
    const counts = new Map<string, { count: number; one: string }>();
    for (const pod of meshed) {
      const has = pod[key];
      if (has === "" || has === image) continue;
      const seen = counts.get(has) ?? { count: 0, one: `${pod.namespace}/${pod.name}` };
      counts.set(has, { ...seen, count: seen.count + 1 });
    }
    return [...counts].map(([has, { count, one }]) =>
      `${
        count === 1 ? "1 pod has" : `${count} pods have`
      } the ${what} ${has} (${one}); the injector gives ${image}`
    );
  });
}

/** `1.2.3` of `registry:5000/kuma/kuma-cni:1.2.3@sha256:…`; empty for none. */
export function tagOf(image: string): string {
  const [name = ""] = image.split("@");
  const last = name.slice(name.lastIndexOf("/") + 1);
  const colon = last.indexOf(":");
  return colon < 0 ? "" : last.slice(colon + 1);
}

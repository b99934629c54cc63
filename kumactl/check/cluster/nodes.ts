/**
 * Whether every node has its CNI, and none is kept back by a taint.
 *
 * @module
 */
import { CLUSTER_SECTIONS } from "core/check/cluster.ts";
import { failed, ok, type Outcome, warning } from "core/check/outcome.ts";
import { type Section, section } from "core/check/run.ts";
import { type Found, valueOf } from "core/cluster/reader.ts";
import { INSTALLER } from "core/interception/cni_pod.ts";
import { TAINT_KEY } from "core/interception/taint.ts";
import { whyUnselected } from "core/kube/selector.ts";
import type { InstallerPod } from "../../pod/subject.ts";
import type { ClusterNode } from "./node_facts.ts";
import type { Program } from "./program_facts.ts";
import { whyNotReady } from "./readyz.ts";
import { type ClusterSubject, unread } from "./subject.ts";

/** The section. */
export function nodesSection(subject: ClusterSubject): Section {
  return section("nodes", CLUSTER_SECTIONS.nodes, {
    "nodes-cni": () => onNodes(subject, everywhere),
    "nodes-cni-ready": () => onNodes(subject, allReady),
    "nodes-taints": () => taints(subject),
  });
}

/** What the checks of the CNI look at. */
interface CniFacts {
  readonly subject: ClusterSubject;
  readonly nodes: readonly ClusterNode[];
  readonly installers: readonly InstallerPod[];
  /** Undefined where there is none. */
  readonly daemonSet: Program | undefined;
}

/** Gathers them; nothing where there is no CNI, and none is wanted. */
async function onNodes(
  subject: ClusterSubject,
  judge: (facts: CniFacts) => Outcome | undefined | Promise<Outcome | undefined>,
): Promise<Outcome | undefined> {
  const [nodes, pods, sets] = [
    await subject.nodes(),
    await subject.pods(),
    await subject.daemonSets(),
  ];
  for (const found of [nodes, pods, sets] as Found<unknown>[]) {
    if (found.is === "unreadable") return unread(found);
  }
  const daemonSet = valueOf(sets)?.find(({ container }) => container === INSTALLER);
  const installers = valueOf(pods)?.installers ?? [];
  const { cniEnabled } = (await subject.settings()).parts.injector;
  if (daemonSet === undefined && installers.length === 0 && !cniEnabled) return undefined;
  return await judge({ subject, nodes: valueOf(nodes) ?? [], installers, daemonSet });
}

function everywhere({ nodes, installers, daemonSet }: CniFacts): Outcome {
  if (daemonSet === undefined && installers.length === 0) {
    return failed("the injector leaves interception to the CNI (cniEnabled), and there is no CNI", {
      todo: "install it: kumactl install control-plane --cni-enabled | kubectl apply -f -",
    });
  }
  const has = new Set(installers.map(({ node }) => node));
  const meant = nodes.filter(({ windows, labels }) =>
    !windows &&
    whyUnselected({ matchLabels: { ...daemonSet?.nodeSelector } }, labels) === undefined
  );
  const without = meant.filter(({ name }) => !has.has(name));
  if (without.length === 0) return ok(meant.length === 1 ? "1 node" : `${meant.length} nodes`);
  const details = without.map(({ name }) => `node ${name} has no pod of the CNI`);
  // An affinity may leave nodes out on purpose, such as those that run no ordinary pods.
  return daemonSet?.affinity === true ? warning(details) : failed(details);
}

async function allReady({ subject, installers }: CniFacts): Promise<Outcome | undefined> {
  if (installers.length === 0) return undefined;
  const ready = new Set(installers.filter((one) => one.ready).map(({ node }) => node));
  const open = installers.filter(({ node }) => !ready.has(node));
  if (open.length === 0) {
    return ok(`${installers.length === 1 ? "1 pod" : `${installers.length} pods`}`);
  }
  const reasons = await whyNotReady(subject.client, open);
  return failed(open.map(({ node, name }, at) => {
    const why = reasons[at];
    return `node ${node}: ${name} is not ready${why === undefined ? "" : `: ${why}`}`;
  }));
}

async function taints(subject: ClusterSubject): Promise<Outcome> {
  const [nodes, pods] = [await subject.nodes(), await subject.pods()];
  if (nodes.is === "unreadable") return unread(nodes);
  const tainted = (valueOf(nodes) ?? []).filter((node) => node.tainted);
  if (tainted.length === 0) return ok("none has it");
  if (pods.is === "unreadable") return unread(pods);
  const installers = valueOf(pods)?.installers ?? [];
  const hanging = tainted.flatMap(({ name, windows }) => {
    const there = installers.filter(({ node }) => node === name);
    if (there.some(({ ready }) => ready)) {
      return [`node ${name} keeps the taint ${TAINT_KEY}, although the CNI is ready there`];
    }
    if (windows) {
      return [`node ${name} has the taint ${TAINT_KEY}: it is for Windows, and gets no CNI`];
    }
    if (there.length === 0) {
      return [`node ${name} has the taint ${TAINT_KEY}, and no pod of the CNI that would end it`];
    }
    return [];
  });
  if (hanging.length > 0) return failed(hanging);
  const names = tainted.map(({ name }) => name).join(", ");
  return ok(`${tainted.length} wait for their CNI: ${names}`);
}

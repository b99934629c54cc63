/**
 * What is installed on the test's nodes: the values of `kumactl install control-plane`.
 *
 * @module
 */
import { kumactlPath } from "../kernel/kumactl.ts";
import { must } from "../support/processes.ts";
import { REGISTRY, TAG } from "./images.ts";
import type { TestNode } from "./node.ts";
import { STANDIN_IMAGE } from "./spec.ts";

/** Repositories of the images by component: the defaults of the values. */
export const IMAGES = {
  webhook: "kuma-webhook",
  controller: "kuma-controller",
  installer: "kuma-cni",
  kumactl: "kuma-init",
  "ebpf-loader": "kuma-ebpf-loader",
};
const [STANDIN = "", STANDIN_TAG = ""] = STANDIN_IMAGE.split(":");

/** What is always asked for: our images, and the stand-in for kuma-dp. */
export const VALUES = [
  `global.image.registry=${REGISTRY}`,
  `global.image.tag=${TAG}`,
  "dataPlane.image.registry=localhost",
  `dataPlane.image.repository=${STANDIN.replace("localhost/", "")}`,
  `dataPlane.image.tag=${STANDIN_TAG}`,
  // Whoever waits for the webhook's last pods to go waits less.
  "webhook.drainTime=2",
];
/** The drain time as it is by default. */
export const AS_SHIPPED = ["webhook.drainTime=10"];
/** The CNI behind the node's own. */
export const CNI = [
  "cni.enabled=true",
  "cni.chained=true",
  "cni.confName=10-calico.conflist",
  "cni.netDir=/etc/cni/net.d",
  "cni.binDir=/opt/cni/bin",
];
/** eBPF, in the control groups of a node alone. */
export function ebpf({ spec }: Pick<TestNode, "spec">): string[] {
  return [
    "experimental.ebpf.enabled=true",
    `experimental.ebpf.cgroupPath=/sys/fs/cgroup/unified/${spec.cgroup}`,
  ];
}
/** Sidecars as Kubernetes knows them. */
export const NATIVE = ["experimental.sidecarContainers=true"];

/** A Mesh, and a namespace whose pods are in it. */
export const MESH = `apiVersion: kuma.io/v1alpha1
kind: Mesh
metadata: {name: default}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kuma.io/sidecar-injection: enabled}}
`;

/** What `kumactl install control-plane` prints with these values. */
export async function manifests(...values: string[]): Promise<string> {
  const sets = [...VALUES, ...values].flatMap((value) => ["--set", value]);
  return await must(kumactlPath(), ["install", "control-plane", ...sets]);
}

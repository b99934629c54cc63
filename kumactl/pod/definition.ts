/**
 * What help, completion and the parser know of `kumactl explain pod`.
 *
 * @module
 */
import type { CommandDefinition } from "core/program/command.ts";
import { outputFlag } from "core/program/output.ts";
import { KUBECONFIG_FLAG } from "../cluster/flags.ts";

/** The command. */
export const EXPLAIN_POD = {
  summary: "say why a pod is, or is not, part of the mesh, and what becomes of its traffic",
  schema: "kuma.io/kumactl-explain-pod/v1",
  description:
    "Asks the cluster for a pod and what is around it: whether its labels ask for a sidecar and it has one, who " +
    "redirects its traffic and whether that works, by which rules, and which Dataplane it has and should have. " +
    "With -f it says what would become of the pods of a file, and asks no cluster. Changes nothing; what may not " +
    "be read is said. Exit codes: 0 explained, 1 there are problems, or it could not be explained.",
  argument: { name: "namespace/name" },
  flags: [
    {
      name: "file",
      short: "f",
      bool: false,
      placeholder: "path",
      path: true,
      help: "pods and workloads of a YAML file in place of the cluster's, '-' for standard input",
    },
    {
      name: "namespace",
      short: "n",
      bool: false,
      placeholder: "name",
      help: "namespace of the pod, where its name does not say it",
    },
    {
      name: "config-file",
      bool: false,
      placeholder: "path",
      path: true,
      help: "the control plane's YAML document, for pods of a file",
    },
    KUBECONFIG_FLAG,
    outputFlag(),
  ],
  examples: [
    { does: "a pod of the cluster", command: "kumactl explain pod shop/web-6d4cf56db6-x7k2p" },
    { does: "what would become of a Deployment", command: "kumactl explain pod -f web.yaml" },
  ],
} as const satisfies CommandDefinition;

/**
 * Where the controller differs from Kuma 2.9 beside Dataplanes.
 *
 * @module
 */
import { difference as row, type DifferenceSection } from "./difference.ts";

/** Taints, NetworkAttachmentDefinitions, and who writes them. */
export const NODES_AND_LEADER: DifferenceSection = {
  title: "Taints, NetworkAttachmentDefinitions and the leader",
  differences: [
    row(
      "taints without the CNI's `app`",
      "it starts, and every node stays tainted",
      "refused, KUMA-CTL-002",
      "no pod would ever free a node",
      "set `nodeTaintController.cniApp`",
    ),
    row(
      "Windows nodes",
      "tainted for good",
      "never tainted, and freed",
      "there is no CNI for them",
    ),
    row(
      "how a node is changed",
      "the whole node is written back",
      "a patch of its taints, for the version just read",
      "fields that a program does not know are not its to write",
      "rights: `patch` on nodes in place of `update`",
    ),
    row(
      "a NetworkAttachmentDefinition that was edited or deleted, Multus that comes later",
      "seen with the namespace's next change",
      "seen at once",
      "they are watched",
    ),
    row(
      "somebody else's object `kuma-cni` with a config of its own, in a namespace without the label",
      "deleted",
      "left alone",
      "who made it may need it",
      "delete it yourself",
    ),
    row(
      "a namespace's label that is no switch",
      "an error in the log, again and again",
      "an Event on the namespace, once",
      "who wrote it does not read our log",
    ),
    row(
      "pods that started without interception",
      "nobody looks",
      "an Event and a metric; labelled or deleted where it is switched on",
      "they hang for good otherwise",
    ),
    row(
      "the Lease",
      "`cp-leader-lease`, kept until it is over",
      "`kuma-controller-leader`, given back at SIGTERM",
      "both may run; a rollout need not wait 15 s",
    ),
  ],
};

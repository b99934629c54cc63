/**
 * What help, completion and the parser know of `kumactl check`, beside the settings.
 *
 * @module
 */
import type { CommandDefinition, FlagDefinition } from "core/program/command.ts";
import { FORMATS, outputFlag } from "core/program/output.ts";
import { KUBECONFIG_FLAG } from "./cluster/flags.ts";

/** Where to look: `status` has it, too. */
export const NETNS_FLAG: FlagDefinition = {
  name: "netns",
  bool: false,
  completes: "netns",
  placeholder: "namespace",
  path: true,
  help: "network namespace of a pod: a path, or the PID of a process in it",
};

/** What it does. */
export const CHECK_DESCRIPTION =
  "Before the installation (--pre) it looks at rights, user and whatever else these settings need; " +
  "afterwards at what is in place; with --kubernetes at a cluster. Changes nothing. Exit codes: 0 all is well (there may be warnings), " +
  "1 something is wrong, 2 nothing is known to be wrong, but not everything could be looked at.";

/** Its own flags. */
export const CHECK_FLAGS: readonly FlagDefinition[] = [
  {
    name: "pre",
    bool: true,
    help: "before the installation: whether it would succeed, and the proxy work",
  },
  {
    name: "kubernetes",
    bool: true,
    help: "a cluster in place of this host: injector, CNI, nodes, pods",
  },
  KUBECONFIG_FLAG,
  NETNS_FLAG,
  {
    name: "wait",
    bool: false,
    placeholder: "duration",
    defaultText: "0s",
    help: "look again until all is well, for as long as this",
  },
  outputFlag([...FORMATS, "short"]),
];

/** Examples for its help. */
export const CHECK_EXAMPLES: CommandDefinition["examples"] = [
  {
    does: "whether this host is ready for an installation with these settings",
    command: "kumactl check --pre --kuma-dp-user kuma-dp --redirect-dns",
  },
  { does: "whether a cluster's mesh is well", command: "kumactl check --kubernetes" },
  {
    does: "whether the pod of process 4711 is intercepted, within a minute",
    command: "kumactl check --netns 4711 --wait 1m -o short",
  },
];

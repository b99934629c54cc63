/**
 * The commands of kumactl as data: what help, completion and the parser know of them. What a command does
 * is in a file of its own, loaded when it runs.
 *
 * @module
 */
import { type CommandDefinition, type FlagDefinition, lazyFlags } from "core/program/command.ts";
import { DEFAULT_PORTS } from "core/proxy/config.ts";
import { completionDefinition } from "core/program/completion_command.ts";
import { FORMATS, outputFlag } from "core/program/output.ts";
import { versionDefinition } from "core/program/version_command.ts";
import { CHECK_DESCRIPTION, CHECK_EXAMPLES, CHECK_FLAGS, NETNS_FLAG } from "./check_flags.ts";
import * as controlPlane from "./control_plane/flags.ts";
import { EXPLAIN_PACKET } from "./packet/definition.ts";
import { EXPLAIN_POD } from "./pod/definition.ts";
import { DIFF_FLAG } from "./plan_flags.ts";
import { flagOf, settingFlags } from "./flags.ts";

/** Where the config document comes from. */
const CONFIG_FLAGS: readonly FlagDefinition[] = [
  {
    name: "config",
    bool: false,
    placeholder: "document",
    help: "config document (YAML or JSON), inline",
  },
  {
    name: "config-file",
    bool: false,
    placeholder: "path",
    path: true,
    help: "path of the config document, '-' for standard input; wins over --config",
  },
];

const installFlags = lazyFlags(() => [
  DIFF_FLAG,
  {
    name: "persist",
    bool: false,
    placeholder: "how",
    choices: ["no", "systemd"],
    defaultText: "no",
    help: "outlive a restart: a unit of systemd installs the same before the network is up",
  },
  outputFlag(),
  ...CONFIG_FLAGS,
  ...settingFlags(),
]);

const validatorFlags = lazyFlags(() => [
  flagOf("ipFamilyMode"),
  {
    name: "validation-server-port",
    bool: false,
    placeholder: "port",
    defaultText: String(DEFAULT_PORTS.inbound),
    help: "port to listen on; the inbound redirect port",
  },
  {
    name: "config-file",
    bool: false,
    placeholder: "path",
    hidden: true,
    help: "taken and ignored",
  },
  outputFlag(),
]);

const uninstallFlags = lazyFlags(() => [
  flagOf("dryRun"),
  DIFF_FLAG,
  outputFlag(),
  flagOf("verbose"),
  flagOf("ebpf.enabled"),
  flagOf("ebpf.bpffsPath"),
]);

const statusFlags = lazyFlags(() => [
  NETNS_FLAG,
  {
    name: "show-config",
    bool: true,
    help: "also every setting with its value and source",
  },
  outputFlag([...FORMATS, "wide"]),
  ...CONFIG_FLAGS,
  ...settingFlags(),
]);

const checkFlags = lazyFlags(() => [
  ...CHECK_FLAGS,
  ...CONFIG_FLAGS,
  // Its own --wait is another one.
  ...settingFlags().filter(({ name }) => name !== "wait"),
]);

const packetFlags = lazyFlags(() => [...EXPLAIN_PACKET.flags, ...CONFIG_FLAGS, ...settingFlags()]);

/** Every command, in the order of help. */
export const COMMANDS = {
  "install transparent-proxy": {
    summary: "redirect this host's traffic to the data plane proxy",
    description:
      "Puts rules into the firewall of this network namespace, IPv4 and IPv6, that redirect inbound " +
      "and outbound TCP (and DNS where asked) to kuma-dp, which must run as a user of its own. Running " +
      "it again replaces the rules of the run before; rules of others are never touched. Settings come " +
      "from defaults < config document < environment (KUMA_TRANSPARENT_PROXY_…) < flags.",
    get flags() {
      return installFlags();
    },
    schema: "kuma.io/kumactl-install-transparent-proxy/v1",
    examples: [
      {
        does: "redirect everything but SSH, and DNS to the servers of resolv.conf",
        command: "kumactl install transparent-proxy --kuma-dp-user kuma-dp --redirect-dns " +
          "--exclude-inbound-ports 22",
      },
      {
        does: "show the rules without touching anything",
        command: "kumactl install transparent-proxy --redirect-all-dns-traffic --dry-run",
      },
      {
        does: "show what would change",
        command: "kumactl install transparent-proxy --exclude-inbound-ports 22 --diff",
      },
      {
        does: "leave HTTPS and DNS of user 1234 alone",
        command:
          "kumactl install transparent-proxy --exclude-outbound-ports-for-uids tcp:443:1234 " +
          "--exclude-outbound-ports-for-uids udp:53:1234",
      },
      {
        does: "take the settings from a file, and one from a flag",
        command:
          "kumactl install transparent-proxy --config-file tproxy.yaml --ip-family-mode ipv4",
      },
    ],
  },
  "install transparent-proxy-validator": {
    summary: "check that the redirection works, as the kuma-dp user",
    description:
      "Listens on the inbound redirect port and connects to an address that only the redirection " +
      "brings there. Must run as the kuma-dp user, before kuma-dp listens on the port.",
    get flags() {
      return validatorFlags();
    },
    schema: "kuma.io/kumactl-install-transparent-proxy-validator/v1",
    examples: [{
      does: "check what 'install transparent-proxy' has put in place",
      command: "runuser -u kuma-dp -- kumactl install transparent-proxy-validator",
    }],
  },
  "install control-plane": {
    summary: "print the manifests of webhook, controller and CNI for a cluster",
    description:
      "Prints what 'kubectl apply -f -' needs, with the values of Kuma's chart. The control plane that " +
      "sidecars ask is not part of it. The same command line gives the same bytes, and no cluster is " +
      "asked but for --environment auto. Values: defaults < --environment < flags < --values < --set.",
    get flags() {
      return controlPlane.installFlags();
    },
    examples: [
      {
        does: "install into the cluster of the current context",
        command: "kumactl install control-plane | kubectl apply -f -",
      },
      {
        does: "with the CNI of a cluster that runs Calico",
        command: "kumactl install control-plane --environment calico | kubectl apply -f -",
      },
      { does: "see all values", command: "kumactl install control-plane --dump-values" },
    ],
  },
  "uninstall transparent-proxy": {
    summary: "take back what 'install transparent-proxy' did, and nothing else",
    description:
      "Removes our rules and chains of both IP families, and our entries of firewalld's direct.xml. " +
      "Needs no kuma-dp user and no settings. With nothing installed it succeeds and changes nothing.",
    get flags() {
      return uninstallFlags();
    },
    schema: "kuma.io/kumactl-uninstall-transparent-proxy/v1",
    examples: [
      { does: "take the rules out", command: "kumactl uninstall transparent-proxy" },
      {
        does: "show what would go",
        command: "kumactl uninstall transparent-proxy --dry-run",
      },
    ],
  },
  "uninstall control-plane": {
    summary: "remove from a cluster what 'install control-plane' put into it",
    description:
      "Asks the cluster of kubectl's current context. Give the values that were installed with; it " +
      "takes all flags of 'install control-plane' that set values. Nodes are " +
      "cleaned and freed of our taint; Meshes and ContainerPatches that people made stay, with their " +
      "definitions. Pods that have a sidecar keep it until they are made anew.",
    get flags() {
      return controlPlane.uninstallFlags();
    },
    schema: "kuma.io/kumactl-uninstall-control-plane/v1",
    examples: [
      {
        does: "see what would go",
        command: "kumactl uninstall control-plane --environment calico --dry-run",
      },
    ],
  },
  "status transparent-proxy": {
    summary: "say whether the redirection is in place and as it was wanted",
    description:
      "Looks at the rules of this network namespace, or of --netns, and compares them with what was " +
      "installed, or with the settings that are given. Changes nothing. Exit codes: 0 in place, " +
      "1 drifted, 2 absent, 3 it could not be looked at.",
    get flags() {
      return statusFlags();
    },
    schema: "kuma.io/kumactl-status-transparent-proxy/v1",
    examples: [
      { does: "this host", command: "kumactl status transparent-proxy" },
      {
        does: "the pod of process 4711",
        command: "kumactl status transparent-proxy --netns 4711 --redirect-dns",
      },
    ],
  },
  "check": {
    summary: "look for what keeps the transparent proxy from working, and say what to do",
    description: CHECK_DESCRIPTION,
    get flags() {
      return checkFlags();
    },
    schema: "kuma.io/kumactl-check/v1",
    examples: CHECK_EXAMPLES,
  },
  "explain": {
    summary: "explain an error code, or list them all",
    flags: [outputFlag()],
    schema: "kuma.io/kumactl-explain/v1",
    argument: { name: "code" },
    examples: [
      { does: "what to do about a bad port", command: "kumactl explain KUMA-TP-001" },
      {
        does: "all codes with all that is known of them",
        command: "kumactl explain --output yaml",
      },
    ],
  },
  "explain pod": EXPLAIN_POD,
  "explain packet": {
    ...EXPLAIN_PACKET,
    get flags() {
      return packetFlags();
    },
  },
  "completion": completionDefinition("kumactl"),
  "version": versionDefinition("kumactl"),
} satisfies Readonly<Record<string, CommandDefinition>>;

/** The words that name a command. */
export type CommandName = keyof typeof COMMANDS;

/**
 * What help, completion and the parser know of `kumactl explain packet`.
 *
 * @module
 */
import type { FlagDefinition } from "core/program/command.ts";
import { FORMATS, outputFlag } from "core/program/output.ts";
import { NETNS_FLAG } from "../check_flags.ts";
import { KUBECONFIG_FLAG } from "../cluster/flags.ts";

/** How it is told. */
export const PACKET_FORMATS = [...FORMATS, "mermaid", "dot", "html"] as const;

/** The command, but for the flags of settings. */
export const EXPLAIN_PACKET = {
  summary: "say which rule decides about a packet, and which setting put it in",
  schema: "kuma.io/kumactl-explain-packet/v1",
  description:
    "Follows one packet that opens a connection through the rules. Without any setting these are the rules of this " +
    "host, or of --netns, as the kernel has them; they are compared with what was installed. With settings they are " +
    "those that 'install transparent-proxy' would make of them; with -f or --pod, those of a pod. --netns beside any " +
    "of these reads the rules there and compares. Changes nothing; --probe sends a connection. Exit codes: " +
    "0 explained, 1 it could not be, 3 a probe went another way.",
  flags: [
    {
      name: "direction",
      bool: false,
      placeholder: "way",
      choices: ["in", "out"],
      defaultText: "out",
      help: "what this host or pod sends (out) or what arrives (in)",
    },
    {
      name: "to",
      bool: false,
      placeholder: "packet",
      help: "where it is sent: ADDRESS:PORT[/tcp|/udp], IPv6 addresses in brackets",
    },
    {
      name: "from",
      bool: false,
      placeholder: "packet",
      help: "where it comes from: ADDRESS[:PORT]",
    },
    {
      name: "uid",
      bool: false,
      placeholder: "uid",
      help: "user who sends it, your own where it is not given",
    },
    {
      name: "interface",
      bool: false,
      placeholder: "name",
      help: "interface that it arrives or leaves by",
    },
    NETNS_FLAG,
    {
      name: "probe",
      bool: true,
      help: "also send it, for real, and see where it goes: TCP, or a query of DNS",
    },
    {
      name: "file",
      short: "f",
      bool: false,
      placeholder: "path",
      path: true,
      help:
        "a pod or workload of a YAML file, as it would be with its sidecar; '-' for standard input",
    },
    {
      name: "pod",
      bool: false,
      placeholder: "namespace/name",
      help: "a pod of the cluster",
    },
    KUBECONFIG_FLAG,
    outputFlag([...PACKET_FORMATS]),
  ] as readonly FlagDefinition[],
  examples: [
    {
      does: "where HTTPS of user 1000 goes on this host",
      command: "kumactl explain packet --uid 1000 --to 10.1.2.3:443/tcp",
    },
    {
      does: "what SSH to this host meets when port 22 is left alone",
      command: "kumactl explain packet --direction in --to 10.1.2.3:22 --exclude-inbound-ports 22",
    },
    {
      does: "where a pod of a file would send DNS",
      command: "kumactl explain packet -f web.yaml --to 10.96.0.10:53/udp",
    },
  ],
} as const;

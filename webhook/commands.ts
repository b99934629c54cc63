/**
 * The commands of kuma-webhook as data: what help, completion and the parser know of them.
 *
 * @module
 */
import type { CommandDefinition, FlagDefinition } from "core/program/command.ts";
import { completionDefinition } from "core/program/completion_command.ts";
import { CONFIG_FILE_FLAG, LOG_FLAGS } from "core/program/serve_flags.ts";
import { versionDefinition } from "core/program/version_command.ts";

const DRAIN_TIME: FlagDefinition = {
  name: "drain-time",
  bool: false,
  placeholder: "seconds",
  defaultText: "10",
  help: "how long requests are served after SIGTERM",
};

function flag(
  name: string,
  placeholder: string,
  help: string,
  more: Partial<FlagDefinition> = {},
): FlagDefinition {
  return { name, placeholder, help, bool: false, ...more };
}

/** How `explain` prints; the first where nothing is said. */
export const OUTPUTS = ["short", "wide", "yaml", "json"] as const;

/** Every command, in the order of help. */
export const COMMANDS = {
  "serve": {
    summary: "serve until SIGTERM; what runs where no command is named",
    flags: [
      CONFIG_FILE_FLAG,
      { name: "generate-certs", bool: true, help: "make, keep and renew the certificate" },
      flag("tls-secret", "name", "Secret for it, in the system namespace", {
        defaultText: "kuma-webhook-tls",
      }),
      flag("service", "name", "Service that API servers call; the control plane's where not given"),
      flag("admission-token-file", "path", "answer only reviews with a token of this file", {
        path: true,
      }),
      DRAIN_TIME,
      ...LOG_FLAGS,
    ],
    examples: [{
      does: "with a certificate of its own, kept in a Secret",
      command: "kuma-webhook serve --generate-certs --service kuma-webhook",
    }],
  },
  "explain": {
    summary: "say what would become of pods, and why",
    description:
      "Takes pods and what makes them: Deployments, StatefulSets, DaemonSets, Jobs, CronJobs. " +
      "Namespaces, Meshes, ContainerPatches and ConfigMaps of the files count as if they were applied. " +
      "The settings are those of the injector that the cluster calls. " +
      "Exit code 1 where a pod would be denied.",
    flags: [
      flag("file", "path", "objects, YAML or JSON; - for standard input (repeatable)", {
        short: "f",
        path: true,
        required: true,
      }),
      flag("namespace", "name", "its namespace; the file's where not given", { short: "n" }),
      flag("output", "form", "how much is said, or the pods as they would be", {
        short: "o",
        choices: OUTPUTS,
        defaultText: OUTPUTS[0],
      }),
      { ...CONFIG_FILE_FLAG, help: `${CONFIG_FILE_FLAG.help}, in place of the injector's` },
      {
        name: "offline",
        bool: true,
        help: "ask no cluster: what the files lack is assumed, and said to be",
      },
    ],
    schema: "kuma.io/kuma-webhook-explain/v1",
    examples: [
      {
        does: "in the cluster of KUBECONFIG",
        command: "kuma-webhook explain --file deployment.yaml",
      },
      {
        does: "without a cluster",
        command: "kuma-webhook explain --file pod.yaml --file patches.yaml --offline",
      },
    ],
  },
  "manifests": {
    summary: "print what a cluster needs to run this webhook, for kubectl apply -f -",
    flags: [
      flag("image", "name", "image of this program that the cluster can pull", { required: true }),
      flag("namespace", "name", "system namespace; the document's, or kuma-system", { short: "n" }),
      flag("replicas", "number", "pods of the webhook", { defaultText: "2" }),
      flag("service", "name", "Service in front of them", { defaultText: "kuma-webhook" }),
      flag("tls-secret", "name", "Secret for the certificate", { defaultText: "kuma-webhook-tls" }),
      flag("failure-policy", "policy", "what becomes of pods while no replica answers", {
        choices: ["Fail", "Ignore"],
        defaultText: "Fail",
      }),
      DRAIN_TIME,
      { ...CONFIG_FILE_FLAG, help: `${CONFIG_FILE_FLAG.help}, put into a ConfigMap` },
      flag("control-plane-service", "name", "Service that sidecars call, in the system namespace"),
      flag("control-plane-port", "port", "its port for sidecars (dpServer.port)"),
      flag("control-plane-ca-secret", "name", "Secret whose ca.crt sidecars trust there"),
      flag("sidecar-image", "name", "image of kuma-dp"),
      flag("init-image", "name", "image of kuma-init"),
      {
        name: "beside-kuma",
        bool: true,
        help: "leave out what Kuma's own control plane has installed",
      },
    ],
    examples: [{
      does: "beside no other control plane",
      command: "kuma-webhook manifests --image registry.example/kuma-webhook:1 " +
        "--init-image registry.example/kuma-init:1 | kubectl apply -f -",
    }],
  },
  "completion": completionDefinition("kuma-webhook"),
  "version": versionDefinition("kuma-webhook"),
} satisfies Readonly<Record<string, CommandDefinition>>;

/** The words that name a command. */
export type CommandName = keyof typeof COMMANDS;

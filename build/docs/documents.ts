/**
 * The documents that programs print, by the names of their schemas: where the type of each stands, of which its JSON
 * Schema is made. A command that prints one names it in its program's `commands.ts`.
 *
 * @module
 */
import type { SchemaName } from "core/program/output.ts";

/** Where the type of a document stands. */
export interface DocumentType {
  /** Path of the file from the checkout's root. */
  readonly file: string;
  /** Name of the exported interface in it. */
  readonly type: string;
}

/** All of them. */
export const DOCUMENTS: Readonly<Record<SchemaName, DocumentType>> = {
  "kuma.io/version/v1": { file: "core/program/version.ts", type: "VersionDocument" },
  "kuma.io/kumactl-status-transparent-proxy/v1": {
    file: "kumactl/status_transparent_proxy.ts",
    type: "StatusDocument",
  },
  "kuma.io/kumactl-check/v1": { file: "kumactl/check_document.ts", type: "CheckDocument" },
  "kuma.io/kumactl-install-transparent-proxy/v1": {
    file: "kumactl/plan_output.ts",
    type: "InstallPlanDocument",
  },
  "kuma.io/kumactl-uninstall-transparent-proxy/v1": {
    file: "kumactl/plan_output.ts",
    type: "UninstallPlanDocument",
  },
  "kuma.io/kumactl-install-transparent-proxy-validator/v1": {
    file: "kumactl/install_validator.ts",
    type: "ValidatorDocument",
  },
  "kuma.io/kumactl-uninstall-control-plane/v1": {
    file: "kumactl/control_plane/uninstall.ts",
    type: "UninstallDocument",
  },
  "kuma.io/kumactl-explain-packet/v1": {
    file: "kumactl/packet/document.ts",
    type: "ExplainPacketDocument",
  },
  "kuma.io/kumactl-explain-pod/v1": {
    file: "kumactl/pod/document.ts",
    type: "ExplainPodDocument",
  },
  "kuma.io/kuma-webhook-explain/v1": {
    file: "webhook/explain/command.ts",
    type: "ExplainDocument",
  },
  "kuma.io/kuma-ebpf-loader-status/v1": {
    file: "ebpf-loader/status_command.ts",
    type: "StatusDocument",
  },
  "kuma.io/kumactl-explain/v1": { file: "kumactl/explain.ts", type: "ExplainDocument" },
  "kuma.io/install-cni-check/v1": { file: "installer/check_command.ts", type: "CheckDocument" },
  "kuma.io/install-cni-log-level/v1": {
    file: "installer/log_level_command.ts",
    type: "LogLevelDocument",
  },
  "kuma.io/kuma-ebpf-loader-load/v1": { file: "ebpf-loader/load_command.ts", type: "LoadDocument" },
  "kuma.io/kuma-ebpf-loader-unload/v1": {
    file: "ebpf-loader/load_command.ts",
    type: "UnloadDocument",
  },
  "kuma.io/kuma-ebpf-loader-check/v1": {
    file: "ebpf-loader/load_command.ts",
    type: "CheckDocument",
  },
  "kuma.io/kuma-ebpf-loader-pod-add/v1": {
    file: "ebpf-loader/pod_commands.ts",
    type: "PodAddDocument",
  },
  "kuma.io/kuma-ebpf-loader-pod-remove/v1": {
    file: "ebpf-loader/pod_commands.ts",
    type: "PodRemoveDocument",
  },
};

/** File of a schema in docs/schemas: `kumactl-check.v1.json` of `kuma.io/kumactl-check/v1`. */
export function schemaFile(name: string): string {
  return `${name.replace(/^kuma\.io\//, "").replace("/", ".")}.json`;
}

/**
 * `kuma-webhook manifests`.
 *
 * @module
 */
import { stringify } from "yaml";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { documentFor } from "core/program/serve_flags.ts";
import { installedObjects } from "./objects.ts";
import { type InstallFlags, installOptions } from "./options.ts";

/** Prints them. */
export function manifestsCommand(parsed: ParsedCommand, io: Io): number {
  const document = documentFor(parsed, "KUMA-WH-001");
  io.out(toYaml(installedObjects(installOptions(flagsOf(parsed), document))));
  return 0;
}

function flagsOf(parsed: ParsedCommand): InstallFlags {
  const text = (name: string) => parsed.text(name) ?? "";
  const given = <Key extends string>(key: Key, name: string): { [K in Key]?: string } => {
    const value = parsed.text(name);
    return value === undefined ? {} : { [key]: value } as { [K in Key]: string };
  };
  return {
    image: text("image"),
    replicas: text("replicas"),
    service: text("service"),
    tlsSecret: text("tls-secret"),
    failurePolicy: text("failure-policy"),
    drainTime: text("drain-time"),
    besideKuma: parsed.on("beside-kuma"),
    ...given("namespace", "namespace"),
    ...given("controlPlaneService", "control-plane-service"),
    ...given("controlPlanePort", "control-plane-port"),
    ...given("controlPlaneCaSecret", "control-plane-ca-secret"),
    ...given("sidecarImage", "sidecar-image"),
    ...given("initImage", "init-image"),
  };
}

/** The objects as one YAML text of several documents. */
export function toYaml(objects: readonly object[]): string {
  const one = (object: object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
  return objects.map((object) => `---\n${one(object)}`).join("");
}

import { ClusterReader } from "core/cluster/reader.ts";
import { KumaError } from "core/errors.ts";
import { podConfiguration } from "core/interception/pod_configuration.ts";
import type { Logger } from "core/log/logger.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { defaultConfig } from "core/proxy/config.ts";
import { connect } from "../cluster/connect.ts";
import type { PodSettings } from "./subject.ts";

/**
 * The settings of a pod of the cluster.
 *
 * @throws {KumaError} `KUMA-CP-012` it is not there, or may not be read; `KUMA-CP-010`, `-011` no cluster answers; as
 *   `podConfiguration` does.
 */
export async function podOfCluster(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  parsed: ParsedCommand,
  { io, logger }: { readonly io: Io; readonly logger: Logger },
): Promise<PodSettings> {
  using client = await connect(parsed, io);
  const found = await new ClusterReader(client)
    .get(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`);
  const who = `pod ${namespace}/${name}`;
  if (found.is !== "found") {
    throw new KumaError(
      "KUMA-CP-012",
      found.is === "absent" ? `there is no ${who}` : `${who} cannot be read: ${found.why}`,
    );
  }
  return await settingsOfPod(found.value, who, logger);
}

/** The settings that the rules of a pod as the API server has it are made from. Throws as `podConfiguration` does. */
export async function settingsOfPod(
  pod: unknown,
  who: string,
  logger: Logger,
): Promise<PodSettings> {
  const read = await podConfiguration(pod);
  if (read.by === "none") {
    const from = `${who}, which nothing intercepts`;
    return { from, document: defaultConfig(), provenance: new Map(), untouched: read.reason };
  }
  for (const warning of read.warnings) logger.warn(warning);
  return { from: `${who}, by ${read.by}`, document: read.config, provenance: read.provenance };
}

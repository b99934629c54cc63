import { KumaError } from "core/errors.ts";
import { podOf, readObjects, WORKLOADS } from "core/inject/explain/objects.ts";
import type { Logger } from "core/log/logger.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { Io } from "core/program/io.ts";
import { readText } from "core/program/read_text.ts";
import { injectedPod, LONGEST_FILE, placed } from "../pod/injected_pod.ts";
import { settingsOfPod } from "./pod_of_cluster.ts";
import type { PodSettings } from "./subject.ts";

/**
 * The settings of the one pod or workload of a file, as it would be with its sidecar where it is to have one. A control
 * plane with default settings is assumed.
 *
 * @throws {KumaError} `KUMA-CP-012` there is none, or more than one, or it would be denied; `KUMA-WH-001` the file cannot
 *   be read; as `podConfiguration` does.
 */
export async function podOfFile(path: string, io: Io, logger: Logger): Promise<PodSettings> {
  const text = await readText(io, path, { limit: LONGEST_FILE, code: "KUMA-WH-001" });
  const objects = readObjects(text, path);
  const pods = objects.flatMap((object) => podOf(object) ?? []);
  const [first, ...others] = pods;
  if (first === undefined) {
    throw new KumaError("KUMA-CP-012", `${path}: there is no pod in it`, {
      hint: `${WORKLOADS.join(", ")} are explained`,
    });
  }
  if (others.length > 0) {
    throw new KumaError(
      "KUMA-CP-012",
      `${path}: it has ${pods.length} pods, and a packet is of one`,
      { hint: "give a file with one of them" },
    );
  }
  const pod = placed(first.pod, "", first.what);
  const { explanation } = await injectedPod(pod, objects, undefined);
  if (explanation.verdict === "denied") {
    throw new KumaError("KUMA-CP-012", `${path}: the pod would be denied: ${explanation.reason}`);
  }
  const { namespace, name } = pod.metadata as JsonObject;
  const who = first.what === "Pod" ? `pod ${namespace}/${name}` : `a pod of ${first.what}`;
  return await settingsOfPod(explanation.pod ?? pod, who, logger);
}

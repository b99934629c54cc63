/**
 * `kumactl install control-plane`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { valueAt } from "core/manifests/template/evaluate.ts";
import { defaultValues } from "core/manifests/values/table.ts";
import { valuesText } from "core/manifests/values/text.ts";
import { systemObjects } from "core/manifests/write.ts";
import { leadingComment, yamlOf } from "core/manifests/yaml.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";
import { recogniseByKubectl } from "./kubectl.ts";
import { type AskedFor, readValues, switchOf } from "./values.ts";

/**
 * Prints the manifests on standard output, and what a person should know on standard error. The same command line gives
 * the same bytes, and asks no cluster but for `--environment auto`.
 *
 * @throws {KumaError} `KUMA-CP-…`; nothing is printed then
 */
export async function installControlPlaneCommand(parsed: ParsedCommand, io: Io): Promise<number> {
  const dump = parsed.flags.findLast(({ flag }) => flag === "dump-values")?.value;
  if (switchOf("dump-values", dump)) {
    io.out(valuesText());
    return 0;
  }
  const asked = await readValues(parsed, io, recogniseByKubectl);
  const skipped = parsed.flags.filter(({ flag }) => flag === "skip-kinds").map(({ value }) =>
    value
  );
  const objects = objectsOf(asked).filter(({ kind }) => !skipped.includes(String(kind)));
  io.out(`${leadingComment(asked)}${yamlOf(objects)}`);
  const idle = parsed.text("api-versions") === undefined
    ? []
    : ["warning: --api-versions has no effect: the manifests are the same for every cluster"];
  const remarks = [...asked.remarks, ...registryRemark(asked), ...idle];
  for (const remark of remarks) io.err(`${remark}\n`);
  return 0;
}

/** Nobody publishes our images yet: manifests that name Kuma's registry would wait for them for ever. */
function registryRemark({ values }: AskedFor): string[] {
  const path = "global.image.registry";
  const registry = valueAt(values, path);
  if (registry !== valueAt(defaultValues(), path)) return [];
  return [
    `to do: ${String(registry)} has none of our images: push them to a registry of yours ` +
    `('deno task image') and name it with --set ${path}=…`,
  ];
}

/** The objects of a command line. */
export function objectsOf({ namespace, values, besideKuma }: AskedFor): JsonObject[] {
  return systemObjects({ namespace, values, sha256 }, { besideKuma });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

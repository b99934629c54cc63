/**
 * The cluster, asked by the person's own kubectl: it knows every way of logging in that there is, plugins of cloud
 * providers among them, and whoever pipes our manifests into it has it.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { run } from "core/host/run.ts";
import { recogniseCluster, type RecognisedEnvironment } from "core/manifests/recognise.ts";
import type { JsonObject } from "core/patch/json.ts";

/** Milliseconds for one call: a login that asks a person has to be over by then. */
const TIMEOUT_MS = 60_000;

/** How kubectl ended. */
export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl with these arguments. Throws `KUMA-CP-007` where it cannot be started. */
export async function kubectl(
  args: readonly string[],
  options: { stdin?: string; timeoutMs?: number } = {},
): Promise<KubectlResult> {
  try {
    return await run(["kubectl", ...args], {
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      maxOutputBytes: 256 * 1024 * 1024,
      ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    });
  } catch (cause) {
    throw new KumaError("KUMA-CP-007", `Cannot run kubectl: ${errorText(cause)}`, { cause });
  }
}

/** What kubectl prints. Throws `KUMA-CP-007` with its last words where it fails. */
export async function kubectlOk(
  args: readonly string[],
  options: { stdin?: string; timeoutMs?: number } = {},
): Promise<string> {
  const { code, stdout, stderr } = await kubectl(args, options);
  if (code === 0) return stdout;
  const why = stderr.trim().split("\n").at(-1) || `exit code ${code}`;
  throw new KumaError("KUMA-CP-007", `kubectl ${args.slice(0, 3).join(" ")} failed: ${why}`);
}

/** Asks which environment the cluster of the current context is. */
export async function recogniseByKubectl(): Promise<RecognisedEnvironment> {
  const list = async (...what: string[]) =>
    (JSON.parse(await kubectlOk(["get", ...what, "-o", "json"])) as { items: JsonObject[] }).items;
  return recogniseCluster({
    nodes: await list("nodes"),
    daemonSets: await list("daemonsets", "--all-namespaces"),
  });
}

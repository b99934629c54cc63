/**
 * Which cluster is asked, and as whom: as kubectl finds it, but for programs that log in.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { shown } from "core/grammar/echo.ts";
import { KubeClient } from "core/cluster/client.ts";
import { findEndpoint } from "core/cluster/credentials.ts";
import type { ParsedCommand } from "core/program/command.ts";
import type { Io } from "core/program/io.ts";

/**
 * A client of the cluster that `--kubeconfig`, KUBECONFIG, `~/.kube/config` or the pod's own account name, in this
 * order. Dispose of it.
 *
 * @throws {KumaError} `KUMA-CP-010` there is none, or it cannot be used.
 */
export async function connect(
  parsed: ParsedCommand,
  { environment }: Pick<Io, "environment">,
): Promise<KubeClient> {
  const given = parsed.text("kubeconfig");
  const path = given ?? environment.KUBECONFIG ?? "";
  if (given === undefined && path.includes(":")) {
    // kubectl merges them; which cluster that means has to be certain here.
    throw new KumaError("KUMA-CP-010", `KUBECONFIG names several files: ${shown(path)}`, {
      hint: "name one of them by --kubeconfig",
    });
  }
  const KUBECONFIG = path === "" ? homeConfig(environment) : path;
  try {
    return new KubeClient(
      await findEndpoint({ ...environment, KUBECONFIG }, "KUMA-CP-010"),
      "kumactl",
    );
  } catch (cause) {
    if (!(cause instanceof KumaError)) throw cause;
    throw new KumaError("KUMA-CP-010", cause.message, {
      hint: "name a kubeconfig with a token or client certificate by --kubeconfig",
      cause,
    });
  }
}

/** kubectl's own place; undefined where nothing is there. */
function homeConfig({ HOME = "" }: Io["environment"]): string | undefined {
  if (HOME === "") return undefined;
  const path = `${HOME}/.kube/config`;
  try {
    Deno.statSync(path);
    return path;
  } catch (thrown) {
    if (thrown instanceof Deno.errors.NotFound) return undefined;
    // It is there and cannot be looked at: reading it says why.
    return path;
  }
}

/**
 * CHECK: the rules in the pod's network namespace against those that its annotations ask for.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { iptablesDeadline } from "./deadline.ts";
import { ENTERED_NETNS, enterPod, enterSandbox } from "./enter_pod.ts";
import type { Invocation } from "core/cni/invocation.ts";
import type { NetConf } from "core/cni/net_conf.ts";
import { podWishes } from "./pod_wishes.ts";

/** Most differences that the message names. */
const NAMED = 5;

/**
 * Returns where the rules are as they should be, rules of other programs beside them included.
 *
 * @throws {KumaError} `KUMA-CNI-022` naming what is missing or foreign; and as ADD does.
 */
export async function check(
  invocation: Invocation,
  conf: NetConf,
  log: Logger,
): Promise<void> {
  const loading = import("core/host/transparent_proxy/check.ts");
  const wishes = await podWishes(invocation, conf, log);
  if (wishes.skip !== undefined) {
    log.debug("nothing to check", { reason: wishes.skip });
    return;
  }
  if (conf.ebpf !== undefined && wishes.ebpf) {
    const { checkByEbpf } = await import("./ebpf.ts");
    const found = checkByEbpf(conf.ebpf, { name: wishes.name, netns: invocation.netns });
    // Where it is not there, the pod may have firewall rules in its place.
    if (found !== undefined) return refuse(found);
    if (!conf.ebpf.fallback) return refuse(["no entry in the maps of the eBPF programs"]);
  }
  const { checkTransparentProxy } = await loading;
  await enterPod(invocation.netns, log);
  const differences = await checkTransparentProxy(wishes.config, {
    netnsPath: ENTERED_NETNS,
    logger: log,
    beforePrograms: () => enterSandbox(log),
    signal: iptablesDeadline().signal,
  });
  refuse(differences);
}

function refuse(differences: readonly string[]): void {
  if (differences.length === 0) return;
  const named = differences.slice(0, NAMED).join("; ");
  const more = differences.length > NAMED ? `; and ${differences.length - NAMED} more` : "";
  throw new KumaError(
    "KUMA-CNI-022",
    `the pod's rules are not as they should be: ${named}${more}`,
    {
      hint: "recreate the pod",
    },
  );
}

/**
 * ADD: puts the rules into the pod's network namespace where its annotations ask for them.
 *
 * Repeating it changes nothing: the rules that are there are compared with those that are wanted, and
 * each family is replaced in one transaction. So a call that was killed at any moment is mended by the next.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import type { Logger } from "core/log/logger.ts";
import { iptablesDeadline } from "./deadline.ts";
import { ENTERED_NETNS, enterPod, enterSandbox } from "./enter_pod.ts";
import type { Invocation } from "core/cni/invocation.ts";
import type { NetConf } from "core/cni/net_conf.ts";
import { addResult } from "core/cni/result.ts";
import { podWishes } from "./pod_wishes.ts";

/**
 * Does it and gives the text to print.
 *
 * @param text The configuration as it was read.
 * @throws {KumaError} whatever keeps the pod from being intercepted; nothing is half applied then, but for
 *   `KUMA-CNI-019`.
 */
export async function add(
  invocation: Invocation,
  conf: NetConf,
  text: string,
  log: Logger,
): Promise<string> {
  // First of all: a configuration that no result exists for must not leave rules behind.
  const result = addResult(conf, text);
  // Read from the disk while the API server is asked.
  const loading = import("core/host/transparent_proxy/install.ts");
  const wishes = await podWishes(invocation, conf, log);
  if (wishes.skip !== undefined) {
    log.info("pod is left alone", { reason: wishes.skip });
    return result;
  }
  if (conf.ebpf !== undefined && wishes.ebpf) {
    const { addByEbpf } = await import("./ebpf.ts");
    const pod = { name: wishes.name, netns: invocation.netns };
    if (await addByEbpf(conf.ebpf, pod, wishes.config, log)) {
      log.info("pod is intercepted", { backend: "eBPF" });
      return result;
    }
  }
  const { installTransparentProxy } = await loading;
  await enterPod(invocation.netns, log);
  const report = await installTransparentProxy(wishes.config, {
    netnsPath: ENTERED_NETNS,
    logger: log,
    beforePrograms: () => enterSandbox(log),
    ...iptablesDeadline(),
  }).catch(saysWhatIsLeft);
  log.info(report.changed ? "pod is intercepted" : "pod was intercepted already", {
    backend: report.backend,
    families: report.families,
    ...(report.flavour === undefined ? {} : { flavour: report.flavour }),
    ...(report.ipv6Skipped === undefined ? {} : { ipv6Skipped: report.ipv6Skipped }),
  });
  return result;
}

function saysWhatIsLeft(thrown: unknown): never {
  if (!(thrown instanceof KumaError) || thrown.code !== "KUMA-TP-208") throw thrown;
  throw new KumaError("KUMA-CNI-019", thrown.message, {
    hint:
      "they go with the pod's sandbox, and the pod is tried again in a new one; run iptables-save " +
      "on the node to see whether it hangs",
    cause: thrown,
  });
}

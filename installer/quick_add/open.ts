import type { PodArgs } from "core/cni/pod_args.ts";
import type { Places } from "../program/places.ts";
import type { Log } from "../report/log.ts";
import type { Metrics } from "../report/metrics.ts";
import { PluginPods } from "./pods.ts";
import { QuickAddServer } from "./serve.ts";
import { warmUp } from "./warm_up.ts";

/** Answers ADD in the folders that it is given, until it is disposed of. */
export interface QuickAdd extends Disposable {
  /** Listens in these folders and no others; to be called as often as one likes. */
  listenIn(folders: readonly string[]): void;
}

/** A server for this node's plugin: it reads pods by the kubeconfig that the installer keeps for it, and by no other. */
export function openQuickAdd(places: Places, log: Log, metrics: Metrics): QuickAdd {
  const pods = new PluginPods(places.kubeconfig);
  const read = (pod: PodArgs, kubeconfig: string) => {
    // Paths of the plugin's configuration are the host's, and this one leads to the file in our net dir.
    if (kubeconfig === places.hostKubeconfig) return pods.read(pod);
    throw new TypeError("the configuration names another kubeconfig than the installer's");
  };
  const server = new QuickAddServer(read, log, metrics);
  const warmUpAll = async () => {
    await warmUp();
    const reason = await pods.warmUp();
    if (reason !== undefined) log.logger.debug("ADD is not warmed up", { reason });
  };
  let warm: Promise<void> | undefined;
  return {
    listenIn(folders) {
      server.listenIn(folders);
      warm ??= warmUpAll();
    },
    [Symbol.dispose]() {
      server[Symbol.dispose]();
      pods[Symbol.dispose]();
    },
  };
}

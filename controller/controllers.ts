/**
 * Which control loops run, by the settings.
 *
 * @module
 */
import type { KubeClient } from "core/cluster/client.ts";
import type { Logger } from "core/log/logger.ts";
import { AttachmentController } from "./attachment/attachment.ts";
import { cniPodInformer } from "./cni_pods.ts";
import type { Controller } from "./controller.ts";
import { DataplaneController } from "./dataplane/dataplane.ts";
import { RepairController } from "./repair/repair.ts";
import type { Settings } from "./settings/table.ts";
import { TaintController } from "./taint/taint.ts";

/** What the control loops are made from. */
export interface ControllersOptions {
  readonly settings: Settings;
  readonly client: KubeClient;
  readonly log: Logger;
}

/** The loops that the settings ask for; says of those that are off what that means. */
export function controllersFor({ settings, client, log }: ControllersOptions): Controller[] {
  const controllers: Controller[] = [];
  const { repair } = settings;
  const cniPods = settings.cniApp === "" ? undefined : cniPodInformer({ client, settings, log });
  if (settings.taintEnabled && cniPods !== undefined) {
    controllers.push(new TaintController({ client, cniPods, log }));
  } else {
    log.info(
      "nodes are not tainted: pods may start before the CNI is ready, and taints that are set stay",
    );
  }
  if (settings.cniEnabled) controllers.push(new AttachmentController({ client, log }));
  if (settings.mode === "zone" && settings.dataplanes !== "off") {
    controllers.push(new DataplaneController({ client, settings, log }));
  }
  // Without a CNI no pod has a check of its interception.
  if (settings.cniEnabled && repair !== "off") {
    const perMinute = settings.repairsPerMinute;
    controllers.push(new RepairController({ client, log, action: repair, perMinute, cniPods }));
  }
  return controllers;
}

/**
 * The settings of the control plane that decide what is in a Dataplane; the controller has them among its own.
 *
 * @module
 */
import type { LoadOptions } from "core/settings/load.ts";
import { listOf, SWITCH, TEXT } from "core/settings/kinds.ts";
import { at } from "core/settings/setting.ts";

const ROOT = "runtime.kubernetes";
const RUNTIME = "KUMA_RUNTIME_KUBERNETES";
const LABEL_KEYS = listOf("the key of a label", (text) => /^[A-Za-z0-9._/-]{1,317}$/.test(text));

/** How the controller reads its table, of which these are lines. */
export const CONTROLLER_LOAD: LoadOptions = {
  code: "KUMA-CTL-001",
  root: "runtime.kubernetes.controller",
  knownElsewhere: [],
  reader: "the controller",
};

/** These lines of the table. */
export const DATAPLANE_SETTINGS = {
  zoneName: at("multizone.zone.name", "KUMA_MULTIZONE_ZONE_NAME", TEXT, "default"),
  outboundsAsVips: at(
    "experimental.kubeOutboundsAsVIPs",
    "KUMA_EXPERIMENTAL_KUBE_OUTBOUNDS_AS_VIPS",
    SWITCH,
    true,
  ),
  nodeLabelsToCopy: at(
    `${ROOT}.injector.nodeLabelsToCopy`,
    `${RUNTIME}_INJECTOR_NODE_LABELS_TO_COPY`,
    LABEL_KEYS,
    [
      "topology.kubernetes.io/zone",
      "topology.kubernetes.io/region",
      "kubernetes.io/hostname",
    ] as readonly string[],
  ),
  ignoredServiceSelectorLabels: at(
    `${ROOT}.injector.ignoredServiceSelectorLabels`,
    `${RUNTIME}_INJECTOR_IGNORED_SERVICE_SELECTOR_LABELS`,
    LABEL_KEYS,
    [] as readonly string[],
  ),
} as const;

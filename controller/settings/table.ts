/**
 * Every setting of the controller, once: its place in the control plane's YAML document, its environment
 * variable, kind and default.
 *
 * @module
 */
import { DATAPLANE_SETTINGS } from "core/dataplane/settings.ts";
import { DURATION, integer, oneOf, SWITCH, TEXT } from "core/settings/kinds.ts";
import type { Values } from "core/settings/load.ts";
import { at } from "core/settings/setting.ts";

const ROOT = "runtime.kubernetes";
const RUNTIME = "KUMA_RUNTIME_KUBERNETES";

/** The table. Its keys are the names that the code uses. */
export const SETTINGS = {
  mode: at("mode", "KUMA_MODE", oneOf("zone", "global"), "zone"),
  ...DATAPLANE_SETTINGS,
  systemNamespace: at(
    "store.kubernetes.systemNamespace",
    "KUMA_STORE_KUBERNETES_SYSTEM_NAMESPACE",
    TEXT,
    "kuma-system",
  ),
  controlPlaneServiceName: at(
    `${ROOT}.controlPlaneServiceName`,
    `${RUNTIME}_CONTROL_PLANE_SERVICE_NAME`,
    TEXT,
    "kuma-control-plane",
  ),
  cniEnabled: at(
    `${ROOT}.injector.cniEnabled`,
    `${RUNTIME}_INJECTOR_CNI_ENABLED`,
    SWITCH,
    false,
  ),
  taintEnabled: at(
    `${ROOT}.nodeTaintController.enabled`,
    `${RUNTIME}_NODE_TAINT_CONTROLLER_ENABLED`,
    SWITCH,
    false,
  ),
  cniApp: at(
    `${ROOT}.nodeTaintController.cniApp`,
    `${RUNTIME}_NODE_TAINT_CONTROLLER_CNI_APP`,
    TEXT,
    "",
  ),
  cniNamespace: at(
    `${ROOT}.nodeTaintController.cniNamespace`,
    `${RUNTIME}_NODE_TAINT_CONTROLLER_CNI_NAMESPACE`,
    TEXT,
    "kube-system",
  ),
  podConcurrency: at(
    `${ROOT}.controllersConcurrency.podController`,
    `${RUNTIME}_CONTROLLERS_CONCURRENCY_POD_CONTROLLER`,
    integer(0, 1000),
    10,
  ),
  leaseDuration: at(
    `${ROOT}.leaderElection.leaseDuration`,
    `${RUNTIME}_LEADER_ELECTION_LEASE_DURATION`,
    DURATION,
    "15s",
  ),
  renewDeadline: at(
    `${ROOT}.leaderElection.renewDeadline`,
    `${RUNTIME}_LEADER_ELECTION_RENEW_DEADLINE`,
    DURATION,
    "10s",
  ),
  /** Ours: whether Dataplanes are written, compared only, or left alone. */
  dataplanes: at(
    `${ROOT}.controller.dataplanes`,
    `${RUNTIME}_CONTROLLER_DATAPLANES`,
    oneOf("auto", "write", "verify", "off"),
    "auto",
  ),
  /** Ours: what happens to meshed pods that started without interception. */
  repair: at(
    `${ROOT}.controller.repair`,
    `${RUNTIME}_CONTROLLER_REPAIR`,
    oneOf("report", "label", "delete", "off"),
    "report",
  ),
  /** Ours: most of them that are deleted in a minute. */
  repairsPerMinute: at(
    `${ROOT}.controller.repairsPerMinute`,
    `${RUNTIME}_CONTROLLER_REPAIRS_PER_MINUTE`,
    integer(1, 6000),
    10,
  ),
} as const;

/** The values of all of them. */
export type Settings = Values<typeof SETTINGS>;

/**
 * What kuma-controller counts. Control loops are counted under the names of Go's controller-runtime, which dashboards know.
 *
 * @module
 */
import type { MetricTable } from "./metrics.ts";

const KIND = "kind of the objects, in the plural";
const LOOP = "name of the control loop";

/** Of every control loop. */
export const LOOP_METRICS = {
  controller_runtime_reconcile_total: {
    type: "counter",
    unit: "count",
    help: "Reconciliations.",
    labels: { controller: LOOP, result: "success or error" },
  },
  controller_runtime_reconcile_time_seconds: {
    type: "histogram",
    unit: "seconds",
    help: "Length of reconciliations.",
    labels: { controller: LOOP },
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
  },
  workqueue_depth: {
    type: "gauge",
    unit: "count",
    help: "Keys that could be worked on now.",
    labels: { name: LOOP },
  },
  workqueue_delayed: {
    type: "gauge",
    unit: "count",
    help: "Keys that come later.",
    labels: { name: LOOP },
  },
  workqueue_retries_total: {
    type: "counter",
    unit: "count",
    help: "Keys that come again after a failure.",
    labels: { name: LOOP },
  },
} as const satisfies MetricTable;

/** Of the program. */
export const CONTROLLER_METRICS = {
  ...LOOP_METRICS,
  leader_election_master_status: {
    type: "gauge",
    unit: "boolean",
    help: "1 while this replica leads.",
    labels: { name: "name of the Lease" },
  },
  kuma_controller_informer_synced: {
    type: "gauge",
    unit: "boolean",
    help: "1 once everything was listed.",
    labels: { kind: KIND },
  },
  kuma_controller_informer_objects: {
    type: "gauge",
    unit: "count",
    help: "Objects in memory.",
    labels: { kind: KIND },
  },
  kuma_controller_informer_restarts_total: {
    type: "counter",
    unit: "count",
    help: "Restarts of list or watch.",
    labels: { kind: KIND, cause: "why it was begun anew" },
  },
  kuma_controller_event_loop_blocked_max_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "The longest so far that the program was busy with one thing.",
  },
} as const satisfies MetricTable;

/** Of the control loop of node taints. */
export const TAINT_METRICS = {
  kuma_controller_nodes_tainted: {
    type: "gauge",
    unit: "count",
    help: "Nodes that carry the taint now.",
  },
  kuma_controller_taint_changes_total: {
    type: "counter",
    unit: "count",
    help: "Changes of nodes.",
    labels: { change: "what was done: added, removed" },
  },
} as const satisfies MetricTable;

/** Of the control loop that repairs pods. */
export const REPAIR_METRICS = {
  kuma_controller_pods_not_intercepted: {
    type: "gauge",
    unit: "count",
    help: "Pods of the mesh that started without interception.",
    labels: { cause: "before-cni, without-cni, despite-cni, unknown" },
  },
  kuma_controller_repairs_total: {
    type: "counter",
    unit: "count",
    help: "Pods that were deleted or labelled.",
    labels: { action: "what was done: delete, label, unlabel" },
  },
  kuma_controller_repairs_held_back_total: {
    type: "counter",
    unit: "count",
    help: "Times that a pod had to wait because enough were deleted lately.",
  },
} as const satisfies MetricTable;

/** Of the control loop of Dataplanes. */
export const DATAPLANE_METRICS = {
  kuma_controller_dataplane_mode: {
    type: "gauge",
    unit: "boolean",
    help: "1 for what is done about Dataplanes.",
    labels: { mode: "write, verify, off, or unknown until it was looked" },
  },
  kuma_controller_dataplane_writes_total: {
    type: "counter",
    unit: "count",
    help: "Writes of Dataplanes.",
    labels: { operation: "what was done: created, updated, deleted, raced" },
  },
  kuma_controller_dataplane_faults: {
    type: "gauge",
    unit: "count",
    help: "Pods whose Dataplane cannot be made or is refused; Events at the pods say why.",
  },
  kuma_controller_dataplane_waiting: {
    type: "gauge",
    unit: "count",
    help: "Pods whose Dataplane waits for an object that is not known yet.",
  },
  kuma_controller_dataplane_differences: {
    type: "gauge",
    unit: "count",
    help: "Dataplanes that are not as we would write them, when verifying.",
    labels: { kind: "missing, different, surplus" },
  },
  kuma_controller_dataplane_events_dropped_total: {
    type: "counter",
    unit: "count",
    help: "Events about pods that were not written.",
  },
} as const satisfies MetricTable;

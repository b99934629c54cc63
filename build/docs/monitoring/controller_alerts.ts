/**
 * Alerts about kuma-controller.
 *
 * @module
 */
import { type Alert, metric } from "./alerts.ts";

/** A gauge that should be 0, of which the highest of all replicas counts: the one that leads. */
function above0(name: Parameters<typeof metric>[0], by: string): string {
  return `max ${by}(${metric(name)}) > 0`;
}

/** All of them. */
export const CONTROLLER_ALERTS: readonly Alert[] = [
  {
    name: "KumaControllerNoLeader",
    severity: "critical",
    expr: `sum(${metric("leader_election_master_status")}{name="kuma-controller-leader"}) != 1`,
    for: "5m",
    summary: "{{ $value }} replicas of kuma-controller lead, in place of one",
    todo:
      "With none, nodes keep their taints and Dataplanes grow old: look at the replicas' logs and at the Lease " +
      "kuma-controller-leader.",
    example: {
      series: [{
        series: 'leader_election_master_status{name="kuma-controller-leader",instance="a"}',
        fires: "0x10",
        healthy: "1x10",
      }],
      at: "6m",
      labels: {},
      value: "0",
    },
  },
  {
    name: "KumaControllerNotSynced",
    severity: "warning",
    expr: `${metric("kuma_controller_informer_synced")} == 0`,
    for: "10m",
    summary: "{{ $labels.instance }} has not seen the cluster's {{ $labels.kind }}",
    todo:
      "Control loops wait for all that they look at. The log says what the API server answered; a kind that the cluster " +
      "does not serve is waited for by none.",
    example: {
      series: [{
        series: 'kuma_controller_informer_synced{instance="a",kind="nodes"}',
        fires: "0x20",
        healthy: "1x20",
      }],
      at: "12m",
      labels: { instance: "a", kind: "nodes" },
    },
  },
  {
    name: "KumaControllerErrors",
    severity: "warning",
    expr: `sum by (controller) (rate(${metric("controller_runtime_reconcile_total")}` +
      `{result="error"}[10m])) > 0.02`,
    for: "15m",
    summary: "{{ $labels.controller }} fails again and again",
    todo: "The log has `not reconciled` with the object and the reason.",
    example: {
      series: [{
        series:
          'controller_runtime_reconcile_total{controller="kuma-cni-taint-controller",result="error"}',
        fires: "0+2x40",
        healthy: "2x40",
      }],
      at: "30m",
      labels: { controller: "kuma-cni-taint-controller" },
    },
  },
  {
    name: "KumaControllerFallsBehind",
    severity: "warning",
    expr: `max by (name) (${metric("workqueue_depth")}) > 100`,
    for: "10m",
    summary: "{{ $value }} objects wait for {{ $labels.name }}",
    todo:
      "More changes than it can look at: the API server is slow or throttles it, or it gets too little processor time.",
    example: {
      series: [{
        series: 'workqueue_depth{name="kuma-cni-taint-controller"}',
        fires: "500x20",
        healthy: "0x5 500x3 0x12",
      }],
      at: "12m",
      labels: { name: "kuma-cni-taint-controller" },
      value: "500",
    },
  },
  {
    name: "KumaControllerStandsStill",
    severity: "warning",
    expr: `${metric("kuma_controller_event_loop_blocked_max_seconds")} > 5 and ` +
      `delta(${metric("kuma_controller_event_loop_blocked_max_seconds")}[10m]) > 0`,
    for: "0m",
    summary: "{{ $labels.instance }} stood still for {{ $value }} seconds, longer than ever before",
    todo:
      "It may lose its Lease so. Give it more processor time or memory, or look for a node that freezes.",
    example: {
      series: [{
        series: 'kuma_controller_event_loop_blocked_max_seconds{instance="a"}',
        fires: "0x5 8x10",
        healthy: "8x15",
      }],
      at: "8m",
      labels: { instance: "a" },
      value: "8",
    },
  },
  {
    name: "KumaNodesTainted",
    severity: "warning",
    expr: above0("kuma_controller_nodes_tainted", ""),
    for: "15m",
    summary: "{{ $value }} nodes take no pods, since their CNI is not ready",
    todo:
      "`kubectl get nodes` with the taint NodeReadiness names them; then look at the CNI's pod there.",
    example: {
      series: [{ series: "kuma_controller_nodes_tainted", fires: "2x30", healthy: "2x5 0x25" }],
      at: "20m",
      labels: {},
      value: "2",
    },
  },
  {
    name: "KumaPodsNotIntercepted",
    severity: "critical",
    expr: above0("kuma_controller_pods_not_intercepted", "by (cause) "),
    for: "5m",
    summary: "{{ $value }} pods of the mesh run without interception ({{ $labels.cause }})",
    todo:
      "Their traffic passes the mesh by. Events `NotIntercepted` at the pods say which and why; " +
      "docs/controller.md, Repair, what each cause means.",
    example: {
      series: [{
        series: 'kuma_controller_pods_not_intercepted{cause="before-cni"}',
        fires: "1x10",
        healthy: "0x10",
      }],
      at: "6m",
      labels: { cause: "before-cni" },
      value: "1",
    },
  },
  {
    name: "KumaRepairsHeldBack",
    severity: "warning",
    expr: `increase(${metric("kuma_controller_repairs_held_back_total")}[15m]) > 0`,
    for: "15m",
    summary: "More pods need repair than may be deleted in a minute",
    todo:
      "Find what makes them start without interception before more are deleted: the CNI of a node, most often.",
    example: {
      series: [{
        series: "kuma_controller_repairs_held_back_total",
        fires: "0+1x40",
        healthy: "4x40",
      }],
      at: "30m",
      labels: {},
    },
  },
  {
    name: "KumaDataplaneFaults",
    severity: "warning",
    expr: above0("kuma_controller_dataplane_faults", ""),
    for: "10m",
    summary: "{{ $value }} pods have no Dataplane, since it cannot be made or is refused",
    todo: "Events at the pods say why; the page /status of kuma-controller lists them.",
    example: {
      series: [{ series: "kuma_controller_dataplane_faults", fires: "1x20", healthy: "0x20" }],
      at: "12m",
      labels: {},
      value: "1",
    },
  },
  {
    name: "KumaDataplaneWaits",
    severity: "warning",
    expr: above0("kuma_controller_dataplane_waiting", ""),
    for: "15m",
    summary: "{{ $value }} Dataplanes wait for objects that nobody makes",
    todo: "The page /status of kuma-controller names the objects: a Mesh, most often.",
    example: {
      series: [{ series: "kuma_controller_dataplane_waiting", fires: "1x30", healthy: "0x30" }],
      at: "20m",
      labels: {},
      value: "1",
    },
  },
  {
    name: "KumaDataplanesDiffer",
    severity: "warning",
    expr: above0("kuma_controller_dataplane_differences", "by (kind) "),
    for: "15m",
    summary:
      "{{ $value }} Dataplanes of Kuma are not as kuma-controller would write them ({{ $labels.kind }})",
    todo:
      "While it only verifies, that is a difference between the two: the log has each with its fields.",
    example: {
      series: [{
        series: 'kuma_controller_dataplane_differences{kind="different"}',
        fires: "1x30",
        healthy: "0x30",
      }],
      at: "20m",
      labels: { kind: "different" },
      value: "1",
    },
  },
];

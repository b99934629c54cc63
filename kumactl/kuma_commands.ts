/**
 * Commands that Kuma's own kumactl has and this one does not: who types one learns where it is, instead of that
 * it is unknown.
 *
 * @module
 */
import { UsageError } from "core/program/usage_error.ts";

/** First words of commands that ask a control plane. */
const OF_THE_CONTROL_PLANE = [
  ...["apply", "config", "delete", "export", "generate", "get", "inspect"],
];

/** What else Kuma's kumactl installs into a cluster. */
const MANIFESTS = ["crds", "demo", "gateway", "logging", "metrics", "observability", "tracing"];

/**
 * Refuses a command line that means a command of Kuma's kumactl.
 *
 * @param words without flags
 * @throws {UsageError} with where the command is
 */
export function refuseKumasCommands([first = "", second = ""]: readonly string[]): void {
  if (OF_THE_CONTROL_PLANE.includes(first)) {
    throw new UsageError(
      `Cannot run "kumactl ${first}": this kumactl sets up hosts and talks to no control plane`,
      { hint: "use the kumactl of your control plane's own release" },
    );
  }
  if (first === "uninstall" && second === "ebpf") {
    throw new UsageError(
      'Cannot run "kumactl uninstall ebpf": this kumactl asks no cluster about its nodes',
      {
        hint: "of the programs here, 'kuma-ebpf-loader unload' does it on a node; of Kuma's own, " +
          "the kumactl of your control plane's own release",
      },
    );
  }
  if ((first === "install" || first === "uninstall") && MANIFESTS.includes(second)) {
    throw new UsageError(
      `Cannot run "kumactl ${first} ${second}": this kumactl has no manifests of Kuma`,
      {
        hint: "use the kumactl of your control plane's own release; " +
          "'kumactl install control-plane' prints those of the programs here",
      },
    );
  }
}

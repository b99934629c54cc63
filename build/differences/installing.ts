import { difference as row, type DifferenceSection } from "./difference.ts";

/** `kumactl install control-plane` and the chart. */
export const INSTALLING: DifferenceSection = {
  title: "Installing into a cluster",
  differences: [
    row(
      "what is printed",
      "kuma-cp and all its definitions",
      "the webhook, the controller, the CNI, three definitions",
      "kuma-cp's xDS server is not rebuilt",
      "the first line says which control plane sidecars will ask: `controlPlane.xds.address`",
    ),
    row(
      "a value that does not exist",
      "taken without a word",
      "an error with the nearest name, in the chart as well (a schema)",
      "`cni.confname` in place of `cni.confName` was found out by pods that never start",
    ),
    row(
      "`--set controlPlane.envVars.X=false`, `=0`, `=`",
      "the chart's own variable wins",
      "the user's wins",
      "the taint controller could not be switched off so",
    ),
    row(
      "the cluster",
      "asked by every call, but for `--without-kubernetes-connection`",
      "asked for `--environment auto` alone, through your kubectl",
      "the same command line gives the same bytes",
    ),
    row(
      "certificates",
      "a new pair where there is no Secret, for ten years",
      "made by the webhook in the cluster, by cert-manager, or given",
      "output that is kept in Git must neither change nor hold a key",
    ),
    row(
      "an argument that is no flag (`--cni-enabled false`)",
      "ignored: the CNI is enabled",
      "refused",
      "it says the opposite of what it does",
      "`--cni-enabled=false`",
    ),
    row(
      "a wrong flag",
      "the usage on standard output, into `kubectl apply`",
      "one line on standard error",
      "a pipe must not get what is no manifest",
    ),
    row(
      "variables `KUMA_…` that nobody reads",
      "ignored without a word",
      "a warning, with the name that was meant",
      "a mistyped variable changes nothing, and nobody notices",
    ),
    row(
      "`store.unsafeDelete` in `controlPlane.config`",
      "taken",
      "refused",
      "the webhook's rights follow from it",
      "`--set controlPlane.envVars.KUMA_STORE_UNSAFE_DELETE=true`",
    ),
    row(
      "the Job of Kuma's `kumactl uninstall ebpf`, with our image of kuma-init",
      "unlinks what is pinned",
      "fails, and says which capability it lacks",
      "programs are attached in each pod's network as well, where the Job may not look",
      "the loader's DaemonSet with `--detach-on-exit`, as `kumactl uninstall control-plane` does",
    ),
    row(
      "`cni.tolerations`",
      "prints the key twice",
      "added to the three that the DaemonSet always has",
      "strict readers refuse the document",
    ),
  ],
};

import { difference as row, type DifferenceSection } from "./difference.ts";

const OPERATOR =
  "what widens a container's rights is for the operator to say, not for who annotates a pod";

/** What a pod becomes. */
export const INJECTION: DifferenceSection = {
  title: "Sidecars: injection",
  differences: [
    row(
      "`kuma.io/transparent-proxying-ebpf: enabled` on a pod",
      "makes `kuma-init` privileged",
      "ignored with a warning; `disabled` is obeyed",
      OPERATOR,
      "set `injector.ebpf.enabled`",
    ),
    row(
      "`…-ebpf-bpf-fs-path`, `…-ebpf-cgroup-path`, `…-ebpf-programs-source-path`",
      "mount any folder of the node",
      "ignored with a warning",
      OPERATOR,
      "set `injector.ebpf`",
    ),
    row(
      "`ebpf.enabled` in a ConfigMap of the pod's namespace",
      "makes `kuma-init` privileged",
      "ignored with a warning, unless `injector.ebpf.enabled` is set",
      OPERATOR,
      "use a ConfigMap of the system namespace",
    ),
    row(
      "`runAsUser` of the pod's `securityContext` is the sidecar's",
      "admitted; the traffic passes by the mesh",
      "refused (KUMA-WH-005), as for a container",
      "interception that is silently not there",
      "choose another user",
    ),
    row(
      "a ContainerPatch that gives `kuma-sidecar` another `runAsUser`",
      "taken in silence; with `kuma-init` the sidecar's own traffic comes back to it",
      "a warning; with the CNI, which exempts that user, a container of the same user is refused (KUMA-WH-005)",
      "interception that is silently not there",
      "change the user in the control plane's settings (`sidecarContainer.uid`)",
    ),
    row(
      "`runAsNonRoot: true` of the pod's `securityContext`",
      "`kuma-init` cannot start",
      "`kuma-init` gets `runAsNonRoot: false`",
      "it has to be root",
    ),
    row(
      "`allowPrivilegeEscalation` of `kuma-sidecar`",
      "not set, which the Pod Security level `restricted` refuses",
      "`false`, unless a ContainerPatch says otherwise or makes it privileged",
      "it needs none",
    ),
    row(
      "`runAsNonRoot` and `seccompProfile` of `kuma-sidecar` and `kuma-validation`",
      "not set; where a pod says both at its containers, the Pod Security level `restricted` refuses the injected pod",
      "set where every container of the pod has them and the pod itself has not",
      "a pod that was admitted without a sidecar is admitted with one",
    ),
    row(
      "a pod with resources of its own (`spec.resources`, Kubernetes 1.34)",
      "422 about `containers[0]`",
      "our limits go down to the pod's, the pod's requests up to the sum, with a warning; where the pod's limits leave no room " +
        "it is refused (KUMA-WH-015)",
      "the API server writes the pod's request down before the sidecar is there",
      "give the pod room for the sidecar",
    ),
    row(
      "a sidecar without a service-account token (`automountServiceAccountToken: false`)",
      "injected in silence; it can never reach its control plane",
      "a warning that names `kuma.io/service-account-token-volume`",
      "nobody finds it otherwise",
      "mount a token and name its volume",
    ),
    row(
      "pods for Windows, mirrors of static pods",
      "injected",
      "left alone with a warning",
      "they cannot have a sidecar",
    ),
    row(
      "memory limit of `kuma-init` and `kuma-validation`",
      "50M",
      "128M",
      "on a node that was just started the pages of our kumactl are the container's own",
      "for Kuma's injector with our image: raise it with a ContainerPatch (`initPatch`)",
    ),
    row(
      "`kuma.io/gateway: provided`",
      "refused",
      "the same as `enabled`",
      "the Dataplane knows both words",
    ),
    row(
      "networks of the pod's own in `k8s.v1.cni.cncf.io/networks`",
      "overwritten",
      "kept, ours is added",
      "they are the pod's",
    ),
    row(
      "`kuma.io/builtin-dns: disabled`",
      "the sidecar runs its DNS server nevertheless",
      "it does not; what is redirected is what is answered, with a ConfigMap too",
      "a server that nobody asks",
    ),
    row(
      "port and IP lists that cannot work",
      "admitted; `kuma-init` fails",
      "refused at admission (KUMA-WH-002)",
      "the reason is where the pod is created",
      "correct the annotation",
    ),
    row(
      "a negative `kuma.io/sidecar-drain-time`",
      "admitted; kuma-dp fails",
      "refused (KUMA-WH-002)",
      "the pod could never start",
      "correct it",
    ),
    row(
      "`traffic.kuma.io/drop-invalid-packets` or `iptables-logs` with another word",
      "off in silence",
      "off with a warning; `enabled` and `disabled` are understood",
      "somebody meant something by it",
      "write `true` or `false`",
    ),
    row(
      "blanks in comma lists",
      "belong to the item",
      "are dropped",
      "`a, b` names nobody's b",
    ),
    row(
      "`=` in a value of `kuma.io/sidecar-env-vars`",
      "refused",
      "belongs to the value",
      "values have them",
    ),
    row(
      "ConfigMap mode: probe port `0`, `virtual-probes-port`, `builtin-dns-port`, `builtin-dns-logging`, `envoy-admin-port` of the pod",
      "overwritten by the configuration",
      "the pod's annotation counts",
      "so it is without a ConfigMap; the sidecar's probes use it anyway",
    ),
    row(
      "ConfigMap mode: an empty exclusion annotation, the configured IP family mode",
      "do not count",
      "count",
      "so it is without a ConfigMap",
    ),
    row(
      "native sidecars on a server of the version `29+`",
      "off",
      "on",
      "the version is read as far as it is a number",
    ),
    row(
      "pod fields that are newer than Kubernetes 1.33",
      "removed",
      "stay",
      "the answer holds only what we change",
    ),
    row(
      "a Namespace, Mesh, ConfigMap or ContainerPatch that was made a moment before the pod",
      "the pod is denied, or made without a sidecar",
      "its news is waited for, half a second at most",
      "one `kubectl apply` creates them all",
    ),
  ],
};

/** Probes and ContainerPatches. */
export const PATCHES: DifferenceSection = {
  title: "Sidecars: probes and ContainerPatches",
  differences: [
    row(
      "a probe with a `host`",
      "asks the pod itself instead",
      "left alone",
      "it asks another host",
    ),
    row(
      "the header `host` of a probe",
      "only `Host` is the virtual host",
      "in any case; the first counts, as for the kubelet",
      "headers have no case",
    ),
    row(
      "a named port of a probe that no container has",
      "a probe of port 0, which never succeeds",
      "the probe is left as it is, with a warning",
      "the kubelet says what is wrong",
      "correct the name",
    ),
    row(
      "a pod's own list of ContainerPatches",
      "is added to the default list",
      "replaces it",
      "so Kuma's documentation says it",
      "name the default ones as well where they are wanted",
    ),
    row(
      "a value that is no JSON, a path that can never be there",
      "taken; pods are denied later",
      "refused when the ContainerPatch is created (422)",
      "the mistake is told to who makes it",
      "correct the operation",
    ),
    row(
      "fields that no container has, or in another spelling",
      "dropped, or read as the field, in silence",
      "the same, with a warning at creation and at injection",
      "a mistyped field does nothing",
      "correct the name",
    ),
    row(
      "a patch of the container's name, or that takes the image away",
      "taken; the pod is injected twice or fails",
      "refused (KUMA-WH-013)",
      "the mesh finds its containers by name",
      "leave the name alone",
    ),
    row(
      "patches of `lifecycle` of a native sidecar",
      "dropped",
      "applied, with a warning where the hook that drains is replaced",
      "a patch that is accepted has to act",
      "keep `killall -USR2 kuma-dp` in your own hook",
    ),
    row(
      "more than 100 ContainerPatches for a pod",
      "applied",
      "refused (KUMA-WH-002)",
      "an annotation could name a hundred thousand",
    ),
    row(
      "deleting a ContainerPatch outside of the system namespace",
      "denied",
      "allowed",
      "what has no effect has to be possible to remove",
    ),
  ],
};

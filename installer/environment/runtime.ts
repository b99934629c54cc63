/**
 * Which container runtime a node has, told from the sockets and folders that it leaves on the host.
 *
 * @module
 */

/** Marks on the host, the more special first; several may be there. */
const MARKS: readonly (readonly [string, string])[] = [
  ["run/k3s/containerd/containerd.sock", "containerd of k3s"],
  ["run/crio/crio.sock", "CRI-O"],
  ["var/snap/microk8s/common/run/containerd.sock", "containerd of MicroK8s"],
  ["run/containerd/containerd.sock", "containerd"],
  ["run/cri-dockerd.sock", "cri-dockerd"],
];

/** The runtime's name; "unknown" where the host's root is not mounted or shows none. */
export function recogniseRuntime(exists: (pathInHost: string) => boolean): string {
  return MARKS.find(([path]) => exists(path))?.[1] ?? "unknown";
}

import { difference as row, type DifferenceSection } from "./difference.ts";

/** The server, and who may do what. */
export const SERVER: DifferenceSection = {
  title: "The admission server",
  differences: [
    row(
      "HTTP/2, HTTP/1.0, compressed bodies",
      "served",
      "refused (505, 415)",
      "API servers use none of them for webhooks; each is a way to make others wait",
    ),
    row(
      "size and shape of requests",
      "bodies of 7 MiB; heads of 1 MB",
      "bodies of 8 MiB, 512 levels, 100,000 values; heads of 32 KiB and 10 s",
      "one client must not keep others waiting",
    ),
    row(
      "`/metrics`",
      "on a port of its own, for everybody",
      "on the same port, for whom the API server allows it",
      "what strangers need not see",
      "bind the ClusterRole `kuma-webhook-reader`",
    ),
    row(
      "denials",
      "code 500 and the text",
      "code 403 (503 where a retry helps) and the text with a code at its end",
      "clients retry a 500",
      "scripts that look for texts: the texts of Kuma 2.9 are in the line",
    ),
    row(
      "a certificate of its own",
      "by the chart, for ten years",
      "made, renewed and written where API servers look (`--generate-certs`)",
      "nobody renews it in time by hand",
    ),
    row(
      "a changed certificate in `certDir`",
      "seen at the next start",
      "seen at once",
      "a renewal needs no restart",
    ),
    row(
      "ContainerPatches, Secrets, webhook configurations",
      "the control plane may read and write all of the cluster's",
      "ContainerPatches of the system namespace, one Secret, two configurations by name",
      "a program may do what it does, and no more",
      "for a ConfigMap in the pods' own namespaces all ConfigMaps have to be readable (ConfigMap mode only)",
    ),
    row(
      "updates and other operations on pods that are sent to it",
      "injected",
      "answered with nothing",
      "containers can be added at the creation only",
    ),
    row(
      "deletion of a Mesh",
      "checked for all that refers to it",
      "refused while Dataplanes are in it",
      "the rest takes Kuma's store",
      "`store.unsafeDelete` allows it",
    ),
    row(
      "kinds of policies",
      "their specifications are validated",
      "mesh, origin and place are",
      "what a policy means is the control plane's to know",
      "keep Kuma's validating webhook for them (`--beside-kuma`)",
    ),
  ],
};

/** The controller. */
export const CONTROLLER: DifferenceSection = {
  title: "Dataplanes",
  differences: [
    row(
      "labels with `kuma.io/` in their name, for a pod without a Service",
      "become tags",
      "never do",
      "so the documentation says it",
    ),
    row(
      "copied node labels that are empty or have `kuma.io/` in their name",
      "become tags",
      "left out",
      "so it is with labels of pods",
    ),
    row(
      "items of list annotations",
      "keep blanks: `a, b` names a service that begins with one",
      "lose them",
      "no service begins with a blank",
    ),
    row(
      "a pod without a Service that is being terminated",
      "stays ready",
      "is not ready",
      "it is about to go",
    ),
    row(
      "aggregated metrics",
      "in random order: each look writes the Dataplane anew",
      "sorted by name",
      "a write that changes nothing wakes every proxy",
    ),
    row(
      "changes of Nodes, Namespaces, ReplicaSets, Jobs, Meshes, and of the Dataplane itself",
      "seen with the pod's next change",
      "seen at once",
      "they are watched",
    ),
    row(
      "labels of others on a Dataplane",
      "cause a write at each look",
      "are left as they are",
      "they are somebody else's",
    ),
    row(
      "a pod that outlives its ReplicaSet",
      "an error",
      "keeps its name",
      "the Deployment's name is in the pod's label",
    ),
    row(
      "the definition of `Dataplane`",
      "knows no fields",
      "knows the fields and refuses wrong values; unknown fields stay",
      "a wrong value is told to who writes it",
    ),
    row(
      "outbounds",
      "in a ConfigMap with the virtual addresses",
      "not written",
      "the control plane's DNS computes them",
    ),
  ],
};

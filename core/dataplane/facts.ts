/**
 * What is looked at in the objects of a cluster, and nothing else: the controller keeps these of thousands of
 * objects, so each says only what can change a Dataplane.
 *
 * @module
 */

/** Labels, annotations or tags. */
export type Texts = Readonly<Record<string, string>>;

/** An entry of `metadata.ownerReferences`. */
export interface OwnerFacts {
  readonly kind: string;
  readonly name: string;
}

/** A port that a container declares; `protocol` is `TCP` where it says none. */
export interface ContainerPortFacts {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

/** An `httpGet` probe, as the injector has left it. */
export interface ProbeFacts {
  readonly kind: "livenessProbe" | "readinessProbe" | "startupProbe";
  /** A number, or a name that the injector could not resolve. */
  readonly port: number | string;
  readonly path: string;
}

/** A container, of the pod's ordinary ones or a native sidecar. */
export interface ContainerFacts {
  readonly name: string;
  readonly ports: readonly ContainerPortFacts[];
  readonly probes: readonly ProbeFacts[];
}

/** A Pod that the mesh has something to do with. */
export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Texts;
  /** Those of Kuma alone. */
  readonly annotations: Texts;
  readonly owners: readonly OwnerFacts[];
  /** `spec.nodeName`; empty until the pod is scheduled. */
  readonly node: string;
  readonly phase: string;
  /** `status.reason`, such as `Evicted`. */
  readonly reason: string;
  /** `status.podIP`; empty until the pod has one. */
  readonly address: string;
  /** True once the pod has a deletionTimestamp. */
  readonly leaving: boolean;
  readonly containers: readonly ContainerFacts[];
  /** Init containers with `restartPolicy: Always` that come after the sidecar. */
  readonly lateSidecars: readonly ContainerFacts[];
  /** Names of the containers whose status says `ready: false`. A container without a status counts as ready. */
  readonly unready: readonly string[];
  /** True where the sidecar says `ready: false`, be it an ordinary or an init container. */
  readonly sidecarUnready: boolean;
}

/** A port of a Service. */
export interface ServicePortFacts {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort: number | string;
  readonly appProtocol: string;
}

/** A Service. */
export interface ServiceFacts {
  readonly namespace: string;
  readonly name: string;
  /** Absent where it has none: its endpoints are made by somebody else. */
  readonly selector?: Texts;
  readonly externalName: boolean;
  readonly headless: boolean;
  /** Its cluster IP; empty where it has none. */
  readonly address: string;
  /** `kuma.io/ignore`. */
  readonly ignored: boolean;
  readonly ports: readonly ServicePortFacts[];
  /** The annotations that give ports a protocol, by their whole name. */
  readonly protocols: Texts;
}

/** An EndpointSlice: the Service it belongs to, and the pods that its endpoints name. */
export interface SliceFacts {
  readonly namespace: string;
  readonly service: string;
  readonly podUids: readonly string[];
}

/** A Namespace. */
export interface NamespaceFacts {
  readonly terminating: boolean;
  /** Label `kuma.io/mesh`, and the deprecated annotation of that name; empty where they are absent. */
  readonly meshLabel: string;
  readonly meshAnnotation: string;
}

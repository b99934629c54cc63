/**
 * How a pod's redirection is delivered: as flags of kuma-init, as a document, or as annotations for the
 * CNI plugin.
 *
 * @module
 */
import type { EbpfOptions } from "./ebpf.ts";
import type { TextMap } from "./pod.ts";

/** What the containers and annotations of the redirection are made from. */
export interface Redirection {
  /** Arguments of kuma-init. */
  readonly args: readonly string[];
  /** Annotations that say what is redirected. */
  readonly annotations: TextMap;
  readonly ipFamilyMode: string;
  readonly inboundPort: number;
  /** False for delegated gateways, and where the ConfigMap says so. */
  readonly inboundEnabled: boolean;
  /** DNS is redirected to the sidecar, which must answer then. */
  readonly dnsEnabled: boolean;
  readonly ebpf: EbpfOptions | undefined;
}

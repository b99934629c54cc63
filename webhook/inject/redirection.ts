/**
 * How a pod's redirection is delivered: as flags of kuma-init, as a document, or as annotations for the
 * CNI plugin.
 *
 * @module
 */
import type { TextMap } from "./pod.ts";
import type { EbpfOptions } from "./traffic.ts";

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
  readonly ebpf: EbpfOptions | undefined;
}

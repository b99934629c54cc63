/**
 * What is decided about a pod.
 *
 * @module
 */
import type { Problem } from "core/patch/container_patch.ts";
import type { JsonObject } from "core/patch/json.ts";
import type { Membership } from "./membership.ts";
import type { NamespaceFacts, PodFacts, ServiceFacts, Texts } from "./facts.ts";
import type { OutboundsOf } from "./outbounds.ts";
import type { OwnersOf } from "./owner_name.ts";

/** Settings of the control plane that matter. */
export interface DataplaneSettings {
  /** Name of the zone; empty for none. */
  readonly zone: string;
  /** Keys of selectors that are passed over when Services are matched. */
  readonly ignoredSelectorLabels: readonly string[];
}

/** What is known around a pod. */
export interface Surroundings {
  /** Undefined while it is not known. */
  readonly namespace: NamespaceFacts | undefined;
  /** Services of the pod's namespace; those that do not match may be among them, in any order. */
  readonly services: readonly ServiceFacts[];
  /** Whether an EndpointSlice of that Service names the pod. */
  readonly backs: (service: string) => boolean;
  /** Labels of the pod's node that are copied; undefined while it is not known. */
  readonly nodeLabels: Texts | undefined;
  readonly ownersOf: OwnersOf;
  /**
   * Who may join a mesh; undefined for a mesh that does not exist. Without it nobody looks: the API server has
   * no meshes.
   */
  readonly membership?: (mesh: string) => Membership | undefined;
  /** The outbounds of a Dataplane; without it, it has none: they are in a ConfigMap of Kuma's. */
  readonly outbounds?: (of: OutboundsOf) => JsonObject[];
}

/** Something that works, but that a person should know: a word for it in CamelCase, and a sentence. */
export interface Warning {
  readonly reason: "DeprecatedKumaAnnotation" | "UnresolvedServicePort";
  readonly message: string;
}

/** A Dataplane as it should be. */
export interface Dataplane {
  readonly namespace: string;
  readonly name: string;
  /** UID of the pod that owns it. */
  readonly podUid: string;
  readonly mesh: string;
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly spec: JsonObject;
}

/** What is to be done. */
export type Decision =
  /** The pod has, or shall have, nothing to do with us; a Dataplane that is there is left alone. */
  | { readonly is: "ignored"; readonly why: string }
  /** A Dataplane that is there is to go. */
  | { readonly is: "absent"; readonly why: string }
  | {
    readonly is: "present";
    readonly dataplane: Dataplane;
    readonly warnings: readonly Warning[];
  }
  /** It cannot be made; one that is there stays as it was. A person has to act. */
  | {
    readonly is: "faulty";
    readonly problems: readonly Problem[];
    readonly warnings: readonly Warning[];
  }
  /** Something is not known yet; one that is there stays as it was. */
  | { readonly is: "waiting"; readonly what: string };

/** A pod in its surroundings. */
export interface PodCase {
  readonly pod: PodFacts;
  readonly around: Surroundings;
  readonly settings: DataplaneSettings;
}

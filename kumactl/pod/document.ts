/**
 * What `kumactl explain pod` tells, as the document that it prints for programs.
 *
 * @module
 */
import type { Document } from "core/program/output.ts";

/** What `-o json` prints. */
export interface ExplainPodDocument extends Document {
  readonly schema: "kuma.io/kumactl-explain-pod/v1";
  /** One of the cluster; of files as many as are in them. */
  readonly pods: readonly PodExplanation[];
}

/** The whole way of one pod. */
export interface PodExplanation {
  /** `NAMESPACE/NAME`. */
  readonly pod: string;
  /** Whether the pod is one of the cluster, or would be made from a file. */
  readonly source: "cluster" | "file";
  /** `status.phase`; absent for a pod that is not there yet. */
  readonly phase?: string;
  readonly node?: string;
  readonly address?: string;
  readonly injection: InjectionPart;
  readonly interception: InterceptionPart;
  /** Absent where nothing is redirected. */
  readonly rules?: RulesPart;
  readonly dataplane: DataplanePart;
  /** What does not fit together or does not work, a sentence each, without a full stop. */
  readonly problems: readonly string[];
  /** What works and should be changed. */
  readonly warnings: readonly string[];
  /** Events of the pod that tell of us, the oldest first. */
  readonly events: readonly PodEvent[];
  /** What could not be looked at, and why: whatever hangs on it is not known. */
  readonly unread: readonly Unread[];
  /** What was taken for granted. */
  readonly assumed: readonly string[];
}

/** What became of the pod at admission, and what its labels say now. */
export interface InjectionPart {
  /** Of a pod of the cluster what it has, of a file's what it would get. */
  readonly verdict: "injected" | "left alone" | "denied";
  /** The rule that decides by the labels of now. */
  readonly reason: string;
  readonly mesh?: string;
  /** What chose the mesh. */
  readonly meshSource?: string;
}

/** Who redirects the pod's traffic, and whether that is known to work. */
export interface InterceptionPart {
  readonly by: "kuma-cni" | "kuma-init" | "nobody";
  readonly reason: string;
  /** `unknown` where nobody has tried, or the pod does not say. */
  readonly works: "yes" | "no" | "not yet" | "unknown";
  /** What the former rests on. */
  readonly evidence: string;
}

/** The rules of the pod: settings that are not the default, and what they do to packets. */
export interface RulesPart {
  readonly settings: readonly RuleSetting[];
  readonly packets: readonly RulePacket[];
}

/** A setting that the pod has other than by default. */
export interface RuleSetting {
  readonly key: string;
  readonly value: string;
  readonly source: string;
}

/** One packet that opens a connection, and the rule that decides about it. */
export interface RulePacket {
  readonly packet: string;
  readonly outcome: "redirected" | "dropped" | "left alone";
  /** Where it is redirected to. */
  readonly port?: number;
  /** What the deciding rule is for; absent where no rule concerns it. */
  readonly why?: string;
  readonly rule?: string;
}

/** The Dataplane that should be, and the one that is. */
export interface DataplanePart {
  /** What should be; `unknown` where something that decides it could not be looked at. */
  readonly wanted: "present" | "absent" | "ignored" | "faulty" | "waiting" | "unknown";
  /** Why there should be none, or why it cannot be made. */
  readonly reason?: string;
  readonly found: "present" | "absent" | "unknown" | "not asked";
  /** Where the one that is differs, as JSON pointers. */
  readonly differences: readonly string[];
  /** Its inbounds as they should be: `8080 web_shop_svc_80 (http)`. */
  readonly inbounds: readonly string[];
}

/** An Event. */
export interface PodEvent {
  /** RFC 3339; empty where it does not say. */
  readonly last: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/** Something that could not be looked at. */
export interface Unread {
  readonly path: string;
  readonly why: string;
}

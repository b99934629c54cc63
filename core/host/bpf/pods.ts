/**
 * Pods with what they were added for on record, so that another version of the programs can take them over, and what
 * has gone can be told from what cannot be reached.
 *
 * @module
 */
import { errorText, KumaError } from "core/errors.ts";
import { NODE_OWNER } from "core/bpf/record.ts";
import { REUSE_PROGRAM } from "core/bpf/layout.ts";
import { findNetns } from "./find_netns.ts";
import { type LinkInfo, pinnedLink } from "./links.ts";
import { netnsCookieOf } from "./netns_view.ts";
import type { Pins } from "./pins.ts";
import { addPod, type PodOptions, removePod } from "./pod_programs.ts";
import { Records } from "./records.ts";

/** What a pod is added with, in plain values. */
export interface PodRequest extends
  Pick<
    PodOptions,
    "netns" | "config" | "sidecarUid" | "dnsServers" | "eventMask" | "accelerate"
  > {
  /** `namespace/name`, or what else people know it by. */
  readonly name: string;
  /** Indices of interfaces whose place for classifiers we made; noted when that is done. */
  readonly hooks?: readonly number[];
}

/** The objects and pins of a node. */
export interface BpfPlace {
  readonly pins: Pins;
  /** `pod.bpf.o` */
  readonly pod: Uint8Array<ArrayBuffer>;
}

/** What became of the pods on record. */
export interface PodsOutcome {
  /** Names of those that are in force, with the present programs. */
  readonly kept: readonly string[];
  /** Names of those whose namespace has gone; nothing of them is left. */
  readonly gone: readonly string[];
  /** Those that something went wrong with, as `name: why`; they keep what they had. */
  readonly failed: readonly string[];
}

/**
 * Adds a pod, or puts another configuration in force for it; connections that begin from now on are redirected.
 *
 * @returns the cookie of its network namespace
 * @throws {KumaError} `KUMA-BPF-001`, `-011` to `-020`, `-024`; a pod that was not there before has nothing then.
 */
export function keepPod({ pins, pod }: BpfPlace, request: PodRequest): bigint {
  const cookie = netnsCookieOf(request.netns);
  using records = Records.create(pins);
  const former = records.get(cookie);
  records.set(cookie, JSON.stringify(request));
  try {
    return add({ pins, pod }, records, cookie, {
      ...request,
      hooks: former === undefined ? [] : hooksOf(former),
    });
  } catch (error) {
    if (former !== undefined) records.set(cookie, former);
    else dropPod(pins, records, cookie, request.netns);
    throw error;
  }
}

/**
 * Takes a pod away; success where it is not there.
 *
 * @returns whether it was
 */
export function forgetPod(pins: Pins, cookie: bigint): boolean {
  using records = Records.pinned(pins);
  const request = records === undefined ? undefined : readRequest(records, cookie);
  if (records === undefined || request === undefined) return false;
  dropPod(pins, records, cookie, pathOf(pins, cookie, request));
  return true;
}

/**
 * Gives pods on record the present programs and fresh entries, and removes what belongs to none that lives.
 *
 * @param only these; all where it is left out
 */
export function refreshPods({ pins, pod }: BpfPlace, only?: ReadonlySet<bigint>): PodsOutcome {
  const kept: string[] = [], gone: string[] = [], failed: string[] = [];
  using records = Records.pinned(pins);
  if (records === undefined) return { kept, gone, failed };
  for (const cookie of podOwners(records).filter((one) => only?.has(one) ?? true)) {
    const request = readRequest(records, cookie);
    const name = request?.name ?? `namespace ${cookie}`;
    try {
      if (request === undefined || hasGone(podLink(pins, cookie))) {
        dropPod(pins, records, cookie, undefined);
        gone.push(name);
        continue;
      }
      const netns = pathOf(pins, cookie, request);
      if (netns === undefined) throw unreachable(cookie);
      add({ pins, pod }, records, cookie, { ...request, netns });
      kept.push(name);
    } catch (error) {
      failed.push(`${name}: ${errorText(error)}`);
    }
  }
  return { kept, gone, failed };
}

/** Removes pods whose network namespace the kernel says has gone; gives their names. */
export function collectGone(pins: Pins): string[] {
  using records = Records.pinned(pins);
  if (records === undefined) return [];
  return podOwners(records).filter((cookie) => hasGone(podLink(pins, cookie))).map((cookie) => {
    const name = readRequest(records, cookie)?.name ?? `namespace ${cookie}`;
    dropPod(pins, records, cookie, undefined);
    return name;
  });
}

/** Cookies of the pods on record. */
export function podOwners(records: Records): bigint[] {
  return records.owners().filter((owner) => owner !== NODE_OWNER);
}

/** What a pod was added with; undefined where the record is not whole. */
export function readRequest(records: Records, cookie: bigint): PodRequest | undefined {
  const text = records.get(cookie);
  return text === undefined ? undefined : JSON.parse(text) as PodRequest;
}

/** A path of a pod's namespace, undefined where none that we can reach is it. */
export function pathOf(pins: Pins, cookie: bigint, { netns }: PodRequest): string | undefined {
  const link = podLink(pins, cookie);
  if (hasGone(link)) return undefined;
  return findNetns(cookie, netns, link?.target);
}

/** Whether the kernel says that the namespace of a link has gone; without a link it cannot be told. */
export function hasGone(link: LinkInfo | undefined): boolean {
  return link?.target === 0n;
}

/** The link of a pod, which knows whether its namespace lives. */
export function podLink(pins: Pins, cookie: bigint): LinkInfo | undefined {
  return pinnedLink(pins.podLink(cookie, REUSE_PROGRAM));
}

/** Adds it, and notes what was made for it. */
function add(
  { pins, pod }: BpfPlace,
  records: Records,
  cookie: bigint,
  request: PodRequest,
): bigint {
  const hooks = new Set(request.hooks);
  try {
    return addPod({ ...request, object: pod, pins, madeHook: (ifindex) => hooks.add(ifindex) });
  } finally {
    records.set(cookie, JSON.stringify({ ...request, hooks: [...hooks] }));
  }
}

function hooksOf(record: string): readonly number[] {
  return (JSON.parse(record) as PodRequest).hooks ?? [];
}

/** The record goes last: what is on record can be found again. */
function dropPod(pins: Pins, records: Records, cookie: bigint, path: string | undefined): void {
  removePod(pins, cookie, path, readRequest(records, cookie)?.hooks);
  records.delete(cookie);
}

function unreachable(cookie: bigint): KumaError {
  return new KumaError(
    "KUMA-BPF-023",
    `its network namespace (cookie ${cookie}) cannot be found in /run/netns or by a process`,
    { hint: "it keeps its former programs; in a container, mount the node's /proc at /host/proc" },
  );
}

/**
 * What an installation or a removal by eBPF changes, as lines before and after.
 *
 * @module
 */
import { NODE_OWNER } from "core/bpf/record.ts";
import { VERSION } from "core/version.ts";
import { loopbackInterface } from "../interfaces.ts";
import { addressChange } from "../transparent_proxy/changes.ts";
import { type HostChange, real } from "../transparent_proxy/host_change.ts";
import { FILE_SYSTEMS, fileSystemAt } from "./bpffs.ts";
import { type BpfHere, bpfHere } from "./here.ts";
import { netnsCookie } from "./netns_cookie.ts";
import { nodeRecord } from "./node.ts";
import { Pins } from "./pins.ts";
import { podOwners } from "./pods.ts";
import { Records } from "./records.ts";

/** What is to be in force in this network namespace. */
export interface WantedBpf {
  readonly bpffs: string;
  readonly cgroup: string;
  /** As `podWords` has it. */
  readonly words: readonly string[];
  readonly interfaces: readonly string[];
  /** Whether the programs of the node are to be loaded. */
  readonly load: boolean;
  /** Whether loopback gets the address ::6. */
  readonly ipv6: boolean;
}

/** The changes of an installation. Throws as {@linkcode bpfHere} does. */
export function bpfInstallation(wanted: WantedBpf): HostChange[] {
  const { bpffs, cgroup, words, interfaces, load, ipv6 } = wanted;
  const before = nodeLines(bpffs);
  const after = load ? [`programs of version ${VERSION} at ${cgroup}`] : before;
  return real([
    { subject: nodeSubject(bpffs), before, after },
    podChange(bpfHere([bpffs]), [...words, ...classifiers(interfaces)]),
    ...ipv6 ? [addressChange(loopbackInterface())] : [],
  ]);
}

/** The changes of a removal: the programs of the node go with its last pod. Throws as {@linkcode bpfHere} does. */
export function bpfRemoval(bpffs: string): HostChange[] {
  const before = nodeLines(bpffs);
  const after = before !== undefined && othersOn(bpffs) ? before : undefined;
  return real([
    podChange(bpfHere([bpffs]), undefined),
    { subject: nodeSubject(bpffs), before, after },
  ]);
}

function nodeSubject(bpffs: string): string {
  return `eBPF programs of the node, pinned below ${bpffs}/kuma`;
}

function nodeLines(bpffs: string): string[] | undefined {
  if (fileSystemAt(bpffs) !== FILE_SYSTEMS.bpf) return undefined;
  const node = nodeRecord(new Pins(bpffs));
  return node === undefined ? undefined : [`programs of version ${node.version} at ${node.cgroup}`];
}

function podChange(here: BpfHere | undefined, after: readonly string[] | undefined): HostChange {
  return {
    subject: "eBPF in this network namespace",
    before: here === undefined
      ? undefined
      : [...here.configuration, ...classifiers(here.interfaces)],
    after,
  };
}

function classifiers(interfaces: readonly string[]): string[] {
  return interfaces.toSorted().map((name) => `program at the ingress of ${name}`);
}

function othersOn(bpffs: string): boolean {
  using records = Records.pinned(new Pins(bpffs));
  if (records === undefined) return false;
  const own = netnsCookie();
  return podOwners(records).some((cookie) => cookie !== own && cookie !== NODE_OWNER);
}

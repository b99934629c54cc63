/**
 * What planning looks at in the network namespace that the rules are for, and the one thing that it does there.
 *
 * kuma-cni and kumactl are in that namespace themselves. The installer, which plans for pods whose namespaces it never
 * enters, is told what the plugin has seen there.
 *
 * @module
 */
import {
  addPassthroughIpv6,
  type Ipv6Address,
  ipv6Addresses,
  loopbackInterface,
} from "../interfaces.ts";

/** A network namespace, and the files of its host. */
export interface Place {
  /** Name of the loopback interface; throws `KUMA-HOST-120`. */
  readonly loopback: () => string;
  readonly ipv6Addresses: () => readonly Ipv6Address[];
  /** Has `::6/128` on the loopback interface from here on; throws `KUMA-HOST-121` where that cannot be. */
  readonly addPassthroughIpv6: (loopback: string) => void;
  /** A file's text, such as resolv.conf's; throws what says why it cannot be read. */
  readonly readText: (path: string) => string;
}

/** The namespace that the main thread is in. */
export const HERE: Place = {
  loopback: loopbackInterface,
  ipv6Addresses,
  addPassthroughIpv6,
  readText: (path) => Deno.readTextFileSync(path),
};

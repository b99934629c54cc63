/**
 * The cookie of a network namespace: a number that the kernel never gives to another one, and that BPF programs see.
 *
 * @module
 */
import { KumaError } from "core/errors.ts";
import { COOKIE_CONSTANTS, COOKIE_MAP, COOKIE_PROGRAM } from "core/bpf/layout.ts";
import { cgroup2Mount, parseMounts } from "core/bpf/mounts.ts";
import { close, connectIpv4, datagramSocket, errnoText, openReadOnly } from "../libc.ts";
import { cookieOfSocket } from "../netns.ts";
import { readProcFile } from "../proc.ts";
import { embeddedObjects } from "./embedded.ts";
import { libbpf } from "./libbpf.ts";
import { BpfMap } from "./map.ts";
import { BpfObject } from "./object.ts";

const AF_INET = 2, ENOPROTOOPT = 92;
const INET4_CONNECT = 10;
/** The port "discard". */
const PORT = 9;

/**
 * Cookie of the namespace that the main thread is in: by SO_NETNS_COOKIE, or before Linux 5.14 by a program.
 *
 * @throws {KumaError} `KUMA-BPF-019` where the kernel gives it none.
 */
export function netnsCookie(): bigint {
  const cookie = cookieOfSocket();
  if (typeof cookie === "bigint") return cookie;
  if (cookie === -ENOPROTOOPT) return netnsCookieByProgram();
  throw refused(errnoText(cookie));
}

/**
 * The same by `cookie.bpf.c`, which is attached to the node's cgroups for as long as this takes; a process that is
 * killed meanwhile takes it along. Linux 5.7.
 *
 * @throws {KumaError} `KUMA-BPF-019` no cgroup of version 2 holds this process, or the kernel refuses the program.
 */
export function netnsCookieByProgram(): bigint {
  const folder = cgroup2Mount(parseMounts(readProcFile("/proc/self/mountinfo")), "/sys/fs/cgroup");
  if (folder === undefined) throw refused("no control groups of version 2 are mounted");
  // Nobody else connects there, so that we see no other namespace's cookie.
  const random = crypto.getRandomValues(new Uint8Array(3));
  const address = (127 << 24) | (random[0]! << 16) | (random[1]! << 8) | random[2]!;
  using object = load(address);
  const cgroup = openReadOnly(folder);
  const link = cgroup < 0
    ? cgroup
    : libbpf().bpf_link_create(object.programFd(COOKIE_PROGRAM), cgroup, INET4_CONNECT, null);
  if (cgroup >= 0) close(cgroup);
  if (link < 0) throw refused(`cannot attach to ${folder}: ${errnoText(link)}`);
  try {
    const socket = datagramSocket(AF_INET);
    if (socket < 0) throw refused(errnoText(socket));
    // Whether there is a way to that address does not matter: the program is asked before.
    connectIpv4(socket, address, PORT);
    close(socket);
  } finally {
    close(link);
  }
  return told(object, folder);
}

function load(address: number): BpfObject {
  const network = new DataView(new ArrayBuffer(4));
  network.setInt32(0, address);
  try {
    return BpfObject.load({
      name: "cookie",
      bytes: embeddedObjects().cookie,
      // What a program reads of an address in the network's order, on a little-endian machine.
      constants: COOKIE_CONSTANTS.encode({ address: network.getUint32(0, true), port: PORT << 8 }),
    });
  } catch (error) {
    if (!(error instanceof KumaError) || error.code !== "KUMA-BPF-012") throw error;
    throw refused(error.message);
  }
}

function told(object: BpfObject, folder: string): bigint {
  // The descriptor is the object's, which closes it.
  const value = new BpfMap(object.mapFd(COOKIE_MAP), COOKIE_MAP).get(new Uint8Array(4));
  const cookie = value === undefined ? 0n : new DataView(value.buffer).getBigUint64(0, true);
  if (cookie !== 0n) return cookie;
  throw refused(`this process is in no control group below ${folder}`);
}

function refused(why: string): KumaError {
  return new KumaError("KUMA-BPF-019", `the kernel gives the network namespace no cookie: ${why}`, {
    hint:
      "Linux 5.14 and newer do by themselves; 5.7 and newer do where the node's control groups are mounted",
  });
}

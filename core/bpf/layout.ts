/**
 * What BPF programs and user space both read and write, in the words of `ebpf-loader/bpf/layout.h`, which says
 * what each field means. `tests/ebpf/layout_test.ts` compiles that file and compares the two.
 *
 * @module
 */
import { Struct } from "./struct.ts";

/** Version of all that follows; a part of the folder that maps are pinned in. */
export const LAYOUT_VERSION = 1;

/** Limits of the maps. */
export const LIMITS = {
  MAX_PODS: 4096,
  MAX_POD_ENTRIES: 65536,
  MAX_UID_RULES: 128,
  MAX_CONNECTIONS: 65536,
  MAX_SOCKETS: 65536,
  MAX_JOINING: 4096,
  MAX_REUSED: 1024,
  EVENT_BYTES: 262144,
} as const;

/** `enum pod_flag` */
export const POD_FLAGS = {
  POD_INBOUND: 1 << 0,
  POD_OUTBOUND: 1 << 1,
  POD_IPV4: 1 << 2,
  POD_IPV6: 1 << 3,
  POD_DNS4: 1 << 4,
  POD_DNS6: 1 << 5,
  POD_DNS_ALL: 1 << 6,
  POD_INBOUND_PORTS: 1 << 7,
  POD_OUTBOUND_PORTS: 1 << 8,
  POD_INBOUND_INCLUDES: 1 << 9,
  POD_OUTBOUND_INCLUDES: 1 << 10,
  POD_UID_RULES: 1 << 11,
  POD_ACCELERATE: 1 << 12,
  POD_FORWARDS: 1 << 13,
  POD_ADDRESSES4: 1 << 14,
  POD_ADDRESSES6: 1 << 15,
} as const;

/** `enum port_flag` */
export const PORT_FLAGS = {
  PORT_INBOUND_EXCLUDED: 1 << 0,
  PORT_INBOUND_INCLUDED: 1 << 1,
  PORT_OUTBOUND_EXCLUDED: 1 << 2,
  PORT_OUTBOUND_INCLUDED: 1 << 3,
} as const;

/** `enum address_flag` */
export const ADDRESS_FLAGS = {
  ADDRESS_OUTBOUND_EXCLUDED: 1 << 0,
  ADDRESS_INBOUND_EXCLUDED: 1 << 1,
  ADDRESS_OWN: 1 << 2,
  ADDRESS_DNS_SERVER: 1 << 3,
} as const;

/** Bits of a key of `pod_addresses` ahead of the address. */
export const ADDRESS_FIXED_BITS = 96;

/** `enum verdict`: what became of a connection, or of a question to port 53 over UDP. */
export const VERDICTS = {
  VERDICT_OUTBOUND: 0,
  VERDICT_INBOUND_LOCAL: 1,
  VERDICT_DNS: 2,
  VERDICT_PASS_EXCLUDED: 3,
  VERDICT_PASS_SIDECAR: 4,
  VERDICT_PASS_LOCAL: 5,
  VERDICT_PASS_OFF: 6,
  VERDICT_INBOUND: 7,
  VERDICT_PASS_INBOUND: 8,
  VERDICT_DIRECT: 9,
  VERDICT_DROP_NO_PROXY: 10,
  VERDICT_DROP_CUT: 11,
  VERDICT_DROP_REUSE: 12,
  VERDICT_ERROR_ASSIGN: 13,
  VERDICT_ERROR_LOST: 14,
  VERDICT_ERROR_MEMORY: 15,
  VERDICT_EVENT_LOST: 16,
} as const;

/** Numbers in a value of `pod_counters`: u64 each, by verdict, the later ones spare. */
export const VERDICT_COUNT = 32;

/** `enum hook`: where an event comes from. */
export const HOOKS = {
  HOOK_CONNECT: 0,
  HOOK_SENDMSG: 1,
  HOOK_ESTABLISHED: 2,
  HOOK_INGRESS: 3,
} as const;

/** Value of `pods`; its key is the cookie of the network namespace, u64. */
export const POD = new Struct("pod", {
  flags: "u32",
  generation: "u32",
  sidecar_uid: "u32",
  event_mask: "u32",
  inbound_port: "u16",
  outbound_port: "u16",
  dns_port: "u16",
  zero: "u16",
  source4: "address",
  source6: "address",
});

/** Key of `pod_ports`; its value is a u32 of {@linkcode PORT_FLAGS}. */
export const POD_PORT = new Struct("pod_port", { netns: "u64", generation: "u32", port: "u32" });

/** Key of `pod_addresses`; its value is a u32 of {@linkcode ADDRESS_FLAGS}. */
export const POD_ADDRESS = new Struct("pod_address", {
  prefix_bits: "u32",
  generation: "u32",
  netns: "u64",
  address: "address",
});

/** Key of `pod_uid_rules`. */
export const POD_GENERATION = new Struct("pod_generation", {
  netns: "u64",
  generation: "u32",
  zero: "u32",
});

/** One rule in a value of `pod_uid_rules`: u32 count, u32 zero, then {@linkcode LIMITS}.MAX_UID_RULES of these. */
export const UID_RULE = new Struct("uid_rule", {
  uid_from: "u32",
  uid_to: "u32",
  port_from: "u16",
  port_to: "u16",
  protocol: "u32",
});

/** Value of `connections` and of `clients`, whose key is a socket's cookie, u64. */
export const ORIGINAL = new Struct("original", {
  address: "address",
  port: "u16",
  proxy_port: "u16",
  verdict: "u16",
  bound: "u16",
});

/** Key of `connections`. */
export const CONNECTION = new Struct("connection", {
  netns: "u64",
  client: "address",
  client_port: "u16",
  proxy_port: "u16",
  zero: "u32",
});

/** Key of `accelerated`. */
export const JOINED_END = new Struct("joined_end", {
  connection: "u64",
  side: "u32",
  zero: "u32",
});

/** Key of `reused` and `joining`. */
export const ENDS = new Struct("ends", {
  netns: "u64",
  local: "address",
  remote: "address",
  local_port: "u16",
  remote_port: "u16",
  zero: "u32",
});

/** Key of `proxy_sockets`. */
export const PROXY_SOCKET = new Struct("proxy_socket", {
  netns: "u64",
  family: "u32",
  zero: "u32",
});

/** Record of the ring buffer `events`. */
export const EVENT = new Struct("event", {
  netns: "u64",
  socket: "u64",
  uid: "u32",
  error: "i32",
  peer: "address",
  address: "address",
  peer_port: "u16",
  port: "u16",
  hook: "u8",
  verdict: "u8",
  protocol: "u8",
  zero: "u8",
});

/** Name of the map with an object's constants, whose initial value the loader sets: one structure, nothing else. */
export const CONSTANTS_MAP = ".rodata.constants";

/** The constants of `node.bpf.o`. */
export const NODE_CONSTANTS = new Struct("node_constants", {
  netns_cookie: "u8",
  ring_buffer: "u8",
  accelerate: "u8",
  zero8: "u8",
  zero32: "u32",
});

/** The constants of `pod.bpf.o`. */
export const POD_CONSTANTS = new Struct("pod_constants", {
  netns: "u64",
  ring_buffer: "u8",
  reuse: "u8",
  zero16: "u16",
  zero32: "u32",
});

/** The constants of `cookie.bpf.o`. */
export const COOKIE_CONSTANTS = new Struct("cookie_constants", { address: "u32", port: "u32" });

/** The program of `cookie.bpf.o`, and the map with what it saw. */
export const COOKIE_PROGRAM = "cookie", COOKIE_MAP = "told";

/** Maps that are pinned by their name in the folder of {@linkcode LAYOUT_VERSION}. */
export const NODE_MAPS = [
  "pods",
  "pod_ports",
  "pod_addresses",
  "pod_uid_rules",
  "pod_counters",
  "events",
  "event_budget",
  "clients",
  "connections",
  "accelerated",
  "joined",
  "joined_ends",
  "joining",
] as const;

/**
 * Of these, the ones of joined sockets; kernels without the cookie in all programs do not join and do without. Where
 * sockets are no longer joined they are made anew: those that are still joined keep their program, and its maps.
 */
export const JOIN_MAPS: ReadonlySet<string> = new Set([
  "accelerated",
  "joined",
  "joined_ends",
  "joining",
]);

/** Of these, the ones that `pod.bpf.o` has, too: it is loaded with the pinned ones. */
export const SHARED_MAPS = [
  "pods",
  "pod_ports",
  "pod_addresses",
  "pod_uid_rules",
  "pod_counters",
  "events",
  "event_budget",
] as const;

/** One program that is attached for the whole node. */
export interface NodeProgram {
  /** Its function in `node.bpf.o`, and the name of its pinned link. */
  readonly name: string;
  /** `enum bpf_attach_type` */
  readonly attachType: number;
  /** Linux without it does the rest of the work. */
  readonly optional: boolean;
}

/** Programs of `node.bpf.o` that are attached to the cgroup by links. */
export const CGROUP_PROGRAMS: readonly NodeProgram[] = [
  { name: "original_dst", attachType: 21, optional: false },
  { name: "handshake", attachType: 3, optional: false },
  { name: "release", attachType: 34, optional: true },
  { name: "recvmsg4", attachType: 19, optional: false },
  { name: "recvmsg6", attachType: 20, optional: false },
  { name: "getpeername4", attachType: 29, optional: true },
  { name: "getpeername6", attachType: 30, optional: true },
  { name: "getsockname4", attachType: 31, optional: true },
  { name: "getsockname6", attachType: 32, optional: true },
  // Last, so that nothing is redirected before the rest can tell where it was going.
  { name: "sendmsg4", attachType: 14, optional: false },
  { name: "sendmsg6", attachType: 15, optional: false },
  { name: "connect4", attachType: 10, optional: false },
  { name: "connect6", attachType: 11, optional: false },
];

/** The sk_msg program of `node.bpf.o`, attached to the map `accelerated` (attach type 7) where that is wanted. */
export const REDIRECT_PROGRAM = "redirect";

/** The classifier of `pod.bpf.o`, attached to the ingress of a pod's interfaces. */
export const INGRESS_PROGRAM = "ingress";

/** The sk_lookup program of `pod.bpf.o`, attached to the pod's network namespace; optional, Linux 5.10. */
export const REUSE_PROGRAM = "reuse";

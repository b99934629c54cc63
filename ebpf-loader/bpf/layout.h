/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs and user space both read and write: constants, keys and values of the maps.
 * core/bpf/layout.ts says the same in TypeScript, and a test compiles this file and compares the two.
 *
 * Integers are in the byte order of the machine, ports too. An address is 16 bytes in network order; IPv4 is written
 * ::ffff:a.b.c.d, so that one map serves both families. Every structure fills its size without padding: keys are
 * compared byte by byte.
 */
#pragma once

#include <linux/types.h>

/* Raised when a key, a value or a flag below changes its meaning. Maps of another version are never reused. */
#define LAYOUT_VERSION 1

#define MAX_PODS 4096
#define MAX_POD_ENTRIES 65536
#define MAX_UID_RULES 128
#define MAX_CONNECTIONS 65536
#define MAX_SOCKETS 65536
/* Joined connections between the handshakes of their two ends. */
#define MAX_JOINING 4096
/* Of one pod; what is announced is asked for before the next packet. */
#define MAX_REUSED 1024
#define EVENT_BYTES 262144

struct address {
	__be32 words[4];
};

/* pod.flags */
enum pod_flag {
	POD_INBOUND = 1 << 0,       /* TCP from outside goes to inbound_port */
	POD_OUTBOUND = 1 << 1,      /* TCP of applications goes to outbound_port */
	POD_IPV4 = 1 << 2,          /* IPv4 is redirected */
	POD_IPV6 = 1 << 3,
	POD_DNS4 = 1 << 4,          /* DNS over IPv4 goes to dns_port */
	POD_DNS6 = 1 << 5,
	POD_DNS_ALL = 1 << 6,       /* whichever server is asked; else those with ADDRESS_DNS_SERVER */
	POD_INBOUND_PORTS = 1 << 7, /* pod_ports holds excluded inbound ports */
	POD_OUTBOUND_PORTS = 1 << 8,
	POD_INBOUND_INCLUDES = 1 << 9, /* pod_ports holds the only inbound ports that are redirected */
	POD_OUTBOUND_INCLUDES = 1 << 10,
	POD_UID_RULES = 1 << 11, /* pod_uid_rules has an entry */
	POD_ACCELERATE = 1 << 12, /* join the sockets of application and proxy */
	POD_FORWARDS = 1 << 13,   /* the namespace forwards packets: inbound is only what is for ADDRESS_OWN */
	POD_ADDRESSES4 = 1 << 14, /* pod_addresses tells more of IPv4 than that source4 and loopback are own */
	POD_ADDRESSES6 = 1 << 15, /* and of IPv6 */
};

/* Map `pods`: hash, the cookie of the network namespace (__u64) -> */
struct pod {
	__u32 flags;
	__u32 generation; /* entries of other generations in the maps below are not looked at */
	__u32 sidecar_uid; /* as the host's user namespace numbers it */
	__u32 event_mask; /* bit 1 << verdict: report these; errors are always reported */
	__u16 inbound_port;
	__u16 outbound_port;
	__u16 dns_port;
	__u16 zero;
	struct address source4; /* both ends of redirected connections are told this for 127.0.0.1; zero: they are not */
	struct address source6;
};

/* pod_ports' value */
enum port_flag {
	PORT_INBOUND_EXCLUDED = 1 << 0,
	PORT_INBOUND_INCLUDED = 1 << 1,
	PORT_OUTBOUND_EXCLUDED = 1 << 2,
	PORT_OUTBOUND_INCLUDED = 1 << 3,
};

/* Map `pod_ports`: hash without preallocation, this -> __u32 of port_flag */
struct pod_port {
	__u64 netns;
	__u32 generation;
	__u32 port;
};

/* pod_addresses' value. The longest prefix alone is found, so its value has the bits of shorter ones that hold it, too. */
enum address_flag {
	ADDRESS_OUTBOUND_EXCLUDED = 1 << 0, /* destinations left alone */
	ADDRESS_INBOUND_EXCLUDED = 1 << 1,  /* sources left alone */
	ADDRESS_OWN = 1 << 2,               /* the namespace's own */
	ADDRESS_DNS_SERVER = 1 << 3,
};

/* Bits of a pod_address that are the same for every prefix of one pod and generation. */
#define ADDRESS_FIXED_BITS 96

/* Map `pod_addresses`: LPM trie without preallocation, this -> __u32 of address_flag */
struct pod_address {
	__u32 prefix_bits; /* ADDRESS_FIXED_BITS and the bits of `address` that count */
	__u32 generation;
	__u64 netns;
	struct address address;
};

/* One exclusion of a user's outgoing traffic; bounds are included. */
struct uid_rule {
	__u32 uid_from;
	__u32 uid_to;
	__u16 port_from;
	__u16 port_to;
	__u32 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
};

struct pod_generation {
	__u64 netns;
	__u32 generation;
	__u32 zero;
};

/* Map `pod_uid_rules`: hash without preallocation, pod_generation -> */
struct uid_rules {
	__u32 count;
	__u32 zero;
	struct uid_rule rules[MAX_UID_RULES];
};

/* What became of a connection, or of a question to port 53 over UDP; other UDP is not counted. */
enum verdict {
	VERDICT_OUTBOUND = 0,       /* application to the outbound port */
	VERDICT_INBOUND_LOCAL = 1,  /* sidecar to an address of its own pod, to the inbound port */
	VERDICT_DNS = 2,            /* to the DNS port */
	VERDICT_PASS_EXCLUDED = 3,  /* by port, address, or user */
	VERDICT_PASS_SIDECAR = 4,   /* of the sidecar itself */
	VERDICT_PASS_LOCAL = 5,     /* loopback, own address, passthrough */
	VERDICT_PASS_OFF = 6,       /* direction or family is off, or the port or server is not among those listed */
	VERDICT_INBOUND = 7,        /* from outside to the inbound port */
	VERDICT_PASS_INBOUND = 8,   /* from outside, left alone */
	VERDICT_DIRECT = 9,         /* the proxy has a connection that nobody redirected, or whose entry was displaced */
	VERDICT_DROP_NO_PROXY = 10, /* from outside, nobody listens on the inbound port; refused, without `reuse` dropped */
	VERDICT_DROP_CUT = 11,      /* from outside, the beginning of a connection is cut to pieces */
	VERDICT_DROP_REUSE = 12,    /* from outside, the ends are those of a socket in TIME_WAIT, and `reuse` is not there */
	VERDICT_ERROR_ASSIGN = 13,  /* from outside, the kernel refused to give it to the proxy; dropped */
	VERDICT_ERROR_LOST = 14,    /* no memory to tell the proxy where the connection was going */
	VERDICT_ERROR_MEMORY = 15,  /* no memory to remember where it was going; refused */
	VERDICT_EVENT_LOST = 16,    /* an event that found the ring full */
	VERDICT_COUNT = 32,
};

/* Verdicts of which events are written whether somebody asked or not. */
#define VERDICT_ERRORS \
	((1 << VERDICT_DROP_CUT) | (1 << VERDICT_DROP_REUSE) | (1 << VERDICT_ERROR_ASSIGN) | \
	 (1 << VERDICT_ERROR_LOST) | (1 << VERDICT_ERROR_MEMORY))

/* Map `pod_counters`: hash per CPU, the cookie (__u64) -> ; an entry is made and removed with the pod's. */
struct counters {
	__u64 verdicts[VERDICT_COUNT];
};

/* Maps `clients` (LRU hash, the cookie of a socket that we redirected, __u64 -> ) and `connections`: where it was going.
 * With more such sockets than MAX_SOCKETS, getpeername(2) of the oldest tells where they are redirected to. */
struct original {
	struct address address;
	__u16 port;
	__u16 proxy_port; /* where it went instead */
	__u16 verdict;
	__u16 bound; /* 1: the application chose the address to send from, so nobody is told another */
};

/* Map `connections`: LRU hash, this -> struct original. Lives from connect(2) to the close of the proxy's end. With more
 * connections than entries those go whose proxy asked long ago: it asks when it accepts. */
struct connection {
	__u64 netns; /* 0 where constants.netns_cookie is 0 */
	struct address client;
	__u16 client_port;
	__u16 proxy_port;
	__u32 zero;
};

/* Map `reused` (LRU hash, this -> __u32 1: when the kernel looks for a listener for the connection that begins with
 * these ends, it is the proxy's, or none), and `joining` in joined.h. */
struct ends {
	__u64 netns;
	struct address local;
	struct address remote;
	__u16 local_port;
	__u16 remote_port;
	__u32 zero;
};

/* Map `accelerated`: sockhash, this -> the socket that is this end of a joined connection */
struct joined_end {
	__u64 connection; /* the cookie of the client's socket */
	__u32 side; /* enum side in joined.h */
	__u32 zero;
};

/* Map `proxy_sockets` of one pod: sockhash, this -> the inbound listener */
struct proxy_socket {
	__u64 netns;
	__u32 family; /* AF_INET, AF_INET6 */
	__u32 zero;
};

/* Where an event comes from. */
enum hook {
	HOOK_CONNECT = 0,
	HOOK_SENDMSG = 1,
	HOOK_ESTABLISHED = 2,
	HOOK_INGRESS = 3,
};

/* Map `events`: ring buffer of EVENT_BYTES; records are */
struct event {
	__u64 netns;
	__u64 socket; /* cookie; 0 where there is none */
	__u32 uid; /* real user; 0 from HOOK_ESTABLISHED on */
	__s32 error; /* errno, positive; 0 for none */
	struct address peer; /* the client for HOOK_INGRESS and HOOK_ESTABLISHED; else zero */
	struct address address; /* where it was going */
	__u16 peer_port;
	__u16 port;
	__u8 hook;
	__u8 verdict;
	__u8 protocol;
	__u8 zero;
};

/* Map `event_budget`: array of one __u64: events that may still be written. Each takes one away, errors do not. Who
 * reads events fills it up at intervals; with nobody to read, nothing is written. */

/* What the kernel can do and the settings want, set by the loader in .rodata.constants before it loads. */
struct node_constants {
	__u8 netns_cookie; /* bpf_get_netns_cookie works in sockops, getsockopt and sk_msg (Linux 5.15) */
	__u8 ring_buffer;  /* Linux 5.8; without it the map `events` is not created */
	__u8 accelerate;   /* insert sockets into `accelerated`; sk_msg is attached */
	__u8 zero8;
	__u32 zero32;
};

struct pod_constants {
	__u64 netns; /* the pod whose interface this program is attached to */
	__u8 ring_buffer;
	__u8 reuse; /* the program `reuse` is attached; needs Linux 5.10 */
	__u16 zero16;
	__u32 zero32;
};

struct cookie_constants {
	__u32 address; /* where the asking process connects to, in network order */
	__u32 port;
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Incoming TCP packets: their ends, whether they begin a connection, and which socket of this namespace they are for.
 */
#pragma once

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include "address.h"

#define NO_SOCKET 0xffffffff
#define MAX_EXTENSIONS 8

struct packet {
	struct address from;
	struct address to;
	__u16 from_port;
	__u16 to_port;
	bool ipv4;
	bool begins; /* SYN without ACK */
};

enum reading {
	READ_TCP,
	READ_OTHER, /* not for us: no TCP, or a later fragment, which goes where the first one went */
	READ_CUT,   /* a first fragment that begins a connection, or is too short to tell; nobody sends such */
};

static __always_inline int load(struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	/* Relative to the network header: interfaces without Ethernet have nothing before it. */
	return bpf_skb_load_bytes_relative(skb, offset, to, size, BPF_HDR_START_NET);
}

static __always_inline enum reading read_tcp(struct __sk_buff *skb, struct packet *packet, __u32 offset, bool fragment)
{
	struct tcphdr tcp;

	if (load(skb, offset, &tcp, sizeof(tcp)))
		return READ_CUT;
	packet->from_port = bpf_ntohs(tcp.source);
	packet->to_port = bpf_ntohs(tcp.dest);
	packet->begins = tcp.syn && !tcp.ack;
	return packet->begins && fragment ? READ_CUT : READ_TCP;
}

static __always_inline enum reading read4(struct __sk_buff *skb, struct packet *packet)
{
	struct iphdr ip;
	__u16 fragment;

	if (load(skb, 0, &ip, sizeof(ip)) || ip.protocol != IPPROTO_TCP)
		return READ_OTHER;
	packet->ipv4 = true;
	packet->from = address4(ip.saddr);
	packet->to = address4(ip.daddr);
	fragment = bpf_ntohs(ip.frag_off);
	/* A second fragment at byte 8 would bring the flags of TCP (RFC 1858). */
	if ((fragment & 0x1fff) == 1)
		return READ_CUT;
	if (fragment & 0x1fff)
		return READ_OTHER;
	return read_tcp(skb, packet, ip.ihl * 4, fragment & 0x2000);
}

/* Extension headers that may come before TCP (RFC 8200 section 4); a fragment's is 8 bytes long. */
struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment;
};

static __always_inline enum reading read6(struct __sk_buff *skb, struct packet *packet)
{
	__u32 offset = sizeof(struct ipv6hdr);
	struct extension extension;
	struct ipv6hdr ip;
	bool fragment = false;
	__u8 next;

	if (load(skb, 0, &ip, sizeof(ip)))
		return READ_OTHER;
	__builtin_memcpy(&packet->from, &ip.saddr, sizeof(packet->from));
	__builtin_memcpy(&packet->to, &ip.daddr, sizeof(packet->to));
	next = ip.nexthdr;
	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (next == IPPROTO_TCP)
			return read_tcp(skb, packet, offset, fragment);
		/* Hop-by-hop 0, routing 43, fragment 44, destination 60. */
		if (next != 0 && next != 43 && next != 44 && next != 60)
			return READ_OTHER;
		if (load(skb, offset, &extension, sizeof(extension)))
			return READ_CUT;
		if (next == 44) {
			__u16 at = bpf_ntohs(extension.fragment);

			/* Only IPv6 without TCP in the first 8 bytes could hide the flags in a second fragment. */
			if (at & 0xfff8)
				return (at >> 3) == 1 && extension.next == IPPROTO_TCP ? READ_CUT : READ_OTHER;
			fragment = at & 1;
			offset += 8;
		} else {
			offset += (extension.length + 1) * 8;
		}
		next = extension.next;
	}
	return READ_CUT;
}

static __always_inline enum reading read_packet(struct __sk_buff *skb, struct packet *packet)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return read4(skb, packet);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return read6(skb, packet);
	return READ_OTHER;
}

static __always_inline __u32 fill_tuple(const struct packet *packet, struct bpf_sock_tuple *tuple, __u16 from_port,
					__u16 to_port)
{
	if (packet->ipv4) {
		tuple->ipv4.saddr = packet->from.words[3];
		tuple->ipv4.daddr = packet->to.words[3];
		tuple->ipv4.sport = bpf_htons(from_port);
		tuple->ipv4.dport = bpf_htons(to_port);
		return sizeof(tuple->ipv4);
	}
	__builtin_memcpy(tuple->ipv6.saddr, &packet->from, sizeof(packet->from));
	__builtin_memcpy(tuple->ipv6.daddr, &packet->to, sizeof(packet->to));
	tuple->ipv6.sport = bpf_htons(from_port);
	tuple->ipv6.dport = bpf_htons(to_port);
	return sizeof(tuple->ipv6);
}

static __always_inline struct bpf_sock *find(struct __sk_buff *skb, const struct packet *packet, __u16 from_port,
					     __u16 to_port)
{
	struct bpf_sock_tuple tuple = {};

	if (fill_tuple(packet, &tuple, from_port, to_port) == sizeof(tuple.ipv4))
		return bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);
	return bpf_skc_lookup_tcp(skb, &tuple, sizeof(tuple.ipv6), BPF_F_CURRENT_NETNS, 0);
}

/* State of the socket that would get the packet. */
static __always_inline __u32 find_state(struct __sk_buff *skb, const struct packet *packet)
{
	struct bpf_sock *sk = find(skb, packet, packet->from_port, packet->to_port);
	__u32 state;

	if (!sk)
		return NO_SOCKET;
	state = sk->state;
	bpf_sk_release(sk);
	return state;
}

/* The listener of `port` that a connection from this client would get. */
static __always_inline struct bpf_sock *find_listener(struct __sk_buff *skb, const struct packet *packet, __u16 port)
{
	struct bpf_sock *sk = find(skb, packet, packet->from_port, port);

	if (!sk || sk->state == BPF_TCP_LISTEN)
		return sk;
	/* This client already calls `port` itself from the same port. No connection has port 0, so listeners alone are found. */
	bpf_sk_release(sk);
	return find(skb, packet, 0, port);
}

static __always_inline struct ends ends_of(const struct packet *packet, __u64 netns)
{
	return (struct ends){
		.netns = netns,
		.local = packet->to,
		.remote = packet->from,
		.local_port = packet->to_port,
		.remote_port = packet->from_port,
	};
}

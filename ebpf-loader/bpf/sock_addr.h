/* SPDX-License-Identifier: Apache-2.0
 *
 * connect(2) and sendmsg(2) of applications: another destination, and a note of the first one on the socket.
 */
#pragma once

#include "node_maps.h"
#include "outbound.h"
#include "report.h"

#define SOCK_STREAM 1

/* Struct sockaddr_in and sockaddr_in6 of the kernel's own headers clash with those of the C library. */
struct name4 {
	__u16 family;
	__be16 port;
	__be32 address;
	__u8 zero[8];
};

struct name6 {
	__u16 family;
	__be16 port;
	__be32 flow;
	__be32 address[4];
	__u32 scope;
};

static __always_inline __u16 proxy_port(const struct pod *pod, enum verdict verdict)
{
	if (verdict == VERDICT_OUTBOUND)
		return pod->outbound_port;
	if (verdict == VERDICT_INBOUND_LOCAL)
		return pod->inbound_port;
	return verdict == VERDICT_DNS ? pod->dns_port : 0;
}

/* Whether the socket sends from the address that Envoy calls the application from. */
static __always_inline bool sends_from_passthrough(struct bpf_sock_addr *context)
{
	struct bpf_sock *sk = context->sk;
	struct address source;

	if (!sk)
		return false;
	source = SOCKET_ADDRESS(sk->family, sk->src_ip4, sk->src_ip6);
	return is_passthrough(&source);
}

/*
 * Decides about one attempt and notes its destination on the socket. Gives the port of this machine to go to
 * instead, 0 to leave it alone, or -1 to refuse it.
 */
static __always_inline int steer(struct bpf_sock_addr *context, const struct address *to, enum hook hook)
{
	struct attempt attempt = { .to = *to };
	struct event event = { .hook = hook };
	struct original *original;
	enum verdict verdict;
	__u16 port;

	attempt.protocol = context->protocol;
	if (attempt.protocol != IPPROTO_TCP && attempt.protocol != IPPROTO_UDP)
		return 0;
	attempt.netns = bpf_get_netns_cookie(context);
	attempt.pod = bpf_map_lookup_elem(&pods, &attempt.netns);
	if (!attempt.pod)
		return 0;
	attempt.port = bpf_ntohs((__u16)context->user_port);
	if (attempt.protocol == IPPROTO_UDP && (attempt.port != DNS_PORT || !dns_on(&attempt)))
		goto forget;
	attempt.uid = bpf_get_current_uid_gid();
	if (attempt.protocol == IPPROTO_TCP) {
		attempt.from_passthrough = sends_from_passthrough(context);
		verdict = decide_tcp(&attempt);
	} else {
		verdict = decide_dns(&attempt);
	}
	event.netns = attempt.netns;
	event.socket = bpf_get_socket_cookie(context);
	event.uid = attempt.uid;
	event.address = *to;
	event.port = attempt.port;
	event.protocol = attempt.protocol;
	event.verdict = verdict;
	port = proxy_port(attempt.pod, verdict);
	if (port) {
		original = bpf_sk_storage_get(&client_dst, context->sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
		if (!original) {
			event.verdict = VERDICT_ERROR_STORAGE;
			event.error = 12; /* ENOMEM */
			report(attempt.pod, &event, constants.ring_buffer);
			return -1;
		}
		original->address = *to;
		original->port = attempt.port;
		original->proxy_port = port;
		original->verdict = verdict;
	}
	report(attempt.pod, &event, constants.ring_buffer);
	if (port)
		return port;
forget:
	/*
	 * A socket may connect again: the first destination no longer holds. But sendmsg(2) also comes here for what a
	 * connected socket of IPv6 sends to IPv4, with the destination that connect(2) has already changed.
	 */
	if (hook == HOOK_CONNECT)
		bpf_sk_storage_delete(&client_dst, context->sk);
	return 0;
}

/* An unbound socket sends from the pod's address, as it would without us; one that is bound stays so. */
static __always_inline void keep_source4(struct bpf_sock_addr *context)
{
	__u64 netns = bpf_get_netns_cookie(context);
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);
	struct name4 name = { .family = AF_INET };

	if (!pod || context->protocol != IPPROTO_TCP || is_zero(&pod->source4))
		return;
	name.address = pod->source4.words[3];
	bpf_bind(context, (struct sockaddr *)&name, sizeof(name));
}

static __always_inline void keep_source6(struct bpf_sock_addr *context, bool ipv4)
{
	__u64 netns = bpf_get_netns_cookie(context);
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);
	struct name6 name = { .family = AF_INET6 };
	const struct address *source;

	if (!pod || context->protocol != IPPROTO_TCP)
		return;
	source = ipv4 ? &pod->source4 : &pod->source6;
	if (is_zero(source))
		return;
	__builtin_memcpy(name.address, source, sizeof(name.address));
	bpf_bind(context, (struct sockaddr *)&name, sizeof(name));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * connect(2) and sendmsg(2) of applications: another destination, and the first one under the cookie of the socket.
 */
#pragma once

#include "node_maps.h"
#include "outbound.h"
#include "report.h"

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

static __always_inline void look_at_source(struct bpf_sock_addr *context, struct attempt *attempt)
{
	struct bpf_sock *sk = context->sk;
	struct address source;

	if (!sk)
		return;
	source = SOCKET_ADDRESS(sk->family, sk->src_ip4, sk->src_ip6);
	attempt->bound = source.words[0] | source.words[1] | source.words[3];
	attempt->from_passthrough = meaning_of(&source) & MEANS_PASSTHROUGH;
}

static __always_inline void tell(struct bpf_sock_addr *context, const struct attempt *attempt, enum hook hook,
				 __u32 verdict, int error)
{
	count(attempt->netns, verdict);
	if (is_wanted(attempt->pod, verdict, constants.ring_buffer)) {
		struct event event = {
			.netns = attempt->netns,
			.socket = bpf_get_socket_cookie(context),
			.uid = attempt->uid,
			.error = error,
			.address = attempt->to,
			.port = attempt->port,
			.hook = hook,
			.verdict = verdict,
			.protocol = attempt->protocol,
		};

		write_event(&event);
	}
}

/*
 * Decides about one attempt and notes where the socket was going. Gives the port of this machine to go to instead, 0 to
 * leave it alone, or -1 to refuse it. `attempt` comes with the address.
 */
static __always_inline int steer(struct bpf_sock_addr *context, struct attempt *attempt, enum hook hook)
{
	struct original original = {};
	enum verdict verdict;
	__u64 cookie;
	int error;

	attempt->protocol = context->protocol;
	if (attempt->protocol != IPPROTO_TCP && attempt->protocol != IPPROTO_UDP)
		return 0;
	attempt->netns = bpf_get_netns_cookie(context);
	attempt->pod = bpf_map_lookup_elem(&pods, &attempt->netns);
	if (!attempt->pod)
		return 0;
	cookie = bpf_get_socket_cookie(context);
	attempt->means = meaning_of(&attempt->to);
	attempt->port = bpf_ntohs((__u16)context->user_port);
	if (attempt->protocol == IPPROTO_UDP && (attempt->port != DNS_PORT || !dns_on(attempt)))
		goto forget;
	attempt->uid = bpf_get_current_uid_gid();
	if (attempt->protocol == IPPROTO_TCP) {
		look_at_source(context, attempt);
		verdict = decide_tcp(attempt);
	} else {
		verdict = decide_dns(attempt);
	}
	original.proxy_port = proxy_port(attempt->pod, verdict);
	if (original.proxy_port) {
		original.address = attempt->to;
		original.port = attempt->port;
		original.verdict = verdict;
		original.bound = attempt->bound;
		error = bpf_map_update_elem(&clients, &cookie, &original, BPF_ANY);
		if (error) {
			tell(context, attempt, hook, VERDICT_ERROR_MEMORY, -error);
			return -1;
		}
	}
	tell(context, attempt, hook, verdict, 0);
	if (original.proxy_port)
		return original.proxy_port;
forget:
	/*
	 * A socket may connect again: the first destination no longer holds. But sendmsg(2) also comes here for what a
	 * connected socket of IPv6 sends to IPv4, with the destination that connect(2) has already changed.
	 */
	if (hook == HOOK_CONNECT && bpf_map_lookup_elem(&clients, &cookie))
		bpf_map_delete_elem(&clients, &cookie);
	return 0;
}

/*
 * Where `connections` cannot tell namespaces apart, a socket sends from its pod's address, which is the pod's alone. It
 * costs a look-up of routes, so elsewhere both ends are only told so. A socket that is bound stays so.
 */
static __always_inline void keep_source4(struct bpf_sock_addr *context, const struct attempt *attempt)
{
	struct name4 name = { .family = AF_INET, .address = attempt->pod->source4.words[3] };

	if (attempt->protocol == IPPROTO_TCP && name.address)
		bpf_bind(context, (struct sockaddr *)&name, sizeof(name));
}

static __always_inline void keep_source6(struct bpf_sock_addr *context, const struct attempt *attempt)
{
	const struct pod *pod = attempt->pod;
	const struct address *source = attempt->means & MEANS_IPV4 ? &pod->source4 : &pod->source6;
	struct name6 name = { .family = AF_INET6 };

	if (attempt->protocol != IPPROTO_TCP || is_zero(source))
		return;
	__builtin_memcpy(name.address, source, sizeof(name.address));
	bpf_bind(context, (struct sockaddr *)&name, sizeof(name));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * getsockopt(2) with SO_ORIGINAL_DST or IP6T_SO_ORIGINAL_DST: where a connection of the proxy was going.
 */
#pragma once

#include "node_maps.h"
#include "address.h"

#define SOL_IP 0
#define SOL_IPV6 41
#define SO_ORIGINAL_DST 80
#define KERNEL_BUFFER 4096

static __always_inline void answer4(struct bpf_sockopt *context, const struct address *to, __u16 port)
{
	__u8 *value = context->optval;
	struct name4 *name = (struct name4 *)value;

	if (value + sizeof(*name) > (__u8 *)context->optval_end)
		return;
	__builtin_memset(name, 0, sizeof(*name));
	name->family = AF_INET;
	name->port = bpf_htons(port);
	name->address = to->words[3];
	context->optlen = sizeof(*name);
	asm volatile("" ::: "memory");
	context->retval = 0;
}

static __always_inline void answer6(struct bpf_sockopt *context, const struct address *to, __u16 port)
{
	__u8 *value = context->optval;
	struct name6 *name = (struct name6 *)value;

	if (value + sizeof(*name) > (__u8 *)context->optval_end)
		return;
	__builtin_memset(name, 0, sizeof(*name));
	name->family = AF_INET6;
	name->port = bpf_htons(port);
	__builtin_memcpy(name->address, to, sizeof(*to));
	context->optlen = sizeof(*name);
	asm volatile("" ::: "memory");
	context->retval = 0;
}

/* Where an application's connection was going; only the proxy's end of it has this name. */
static __always_inline struct original *redirected(struct bpf_sockopt *context, struct bpf_sock *sk,
						   const struct address *local, __u64 netns)
{
	struct connection key = {
		.netns = netns,
		.client = SOCKET_ADDRESS(sk->family, sk->dst_ip4, sk->dst_ip6),
		.client_port = bpf_ntohs((__u16)sk->dst_port),
		.proxy_port = sk->src_port,
	};

	return is_localhost(local) ? bpf_map_lookup_elem(&connections, &key) : 0;
}

SEC("cgroup/getsockopt")
int original_dst(struct bpf_sockopt *context)
{
	struct bpf_sock *sk = context->sk;
	struct original *original;
	struct address to;
	__u64 netns = 0;
	__u16 port;

	if (context->optname != SO_ORIGINAL_DST || (context->level != SOL_IP && context->level != SOL_IPV6) || !sk ||
	    sk->protocol != IPPROTO_TCP) {
		/* Not ours, and longer than what was copied for us: "do not touch", which kernels before 6.5 want said. */
		if (context->optlen > KERNEL_BUFFER)
			context->optlen = 0;
		return 1;
	}
	if (constants.netns_cookie) {
		netns = bpf_get_netns_cookie(context);
		if (!bpf_map_lookup_elem(&pods, &netns))
			return 1;
	}
	to = SOCKET_ADDRESS(sk->family, sk->src_ip4, sk->src_ip6);
	original = redirected(context, sk, &to, netns);
	if (original) {
		to = original->address;
		port = original->port;
	} else {
		/*
		 * What came from outside was given to the proxy as it is: it has its first destination for local address.
		 * But conntrack may know better, where others have rewritten it. Kernels before 5.15 do not tell of what
		 * namespace a socket is: there this is so for all of which conntrack knows nothing.
		 */
		if (context->retval == 0 || is_loopback(&to))
			return 1;
		port = sk->src_port;
	}
	if (is_ipv4(&to) && context->level == SOL_IP)
		answer4(context, &to, port);
	else if (!is_ipv4(&to) && context->level == SOL_IPV6)
		answer6(context, &to, port);
	return 1;
}

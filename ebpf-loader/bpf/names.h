/* SPDX-License-Identifier: Apache-2.0
 *
 * What both ends are told of each other, and of themselves: that nothing was redirected.
 */
#pragma once

#include "node_maps.h"
#include "address.h"

static __always_inline struct address user_address6(struct bpf_sock_addr *context)
{
	return (struct address){ .words = { context->user_ip6[0], context->user_ip6[1], context->user_ip6[2],
					    context->user_ip6[3] } };
}

static __always_inline void name4(struct bpf_sock_addr *context, const struct address *address, __u16 port)
{
	context->user_ip4 = address->words[3];
	context->user_port = bpf_htons(port);
}

static __always_inline void name6(struct bpf_sock_addr *context, const struct address *address, __u16 port)
{
	context->user_ip6[0] = address->words[0];
	context->user_ip6[1] = address->words[1];
	context->user_ip6[2] = address->words[2];
	context->user_ip6[3] = address->words[3];
	context->user_port = bpf_htons(port);
}

/* Where a redirected socket believes to be talking to; absent where `from` is not where we sent it. */
static __always_inline struct original *believed(struct bpf_sock_addr *context, const struct address *from)
{
	__u64 cookie = bpf_get_socket_cookie(context);
	struct original *original;

	if (!is_localhost(from))
		return 0;
	original = bpf_map_lookup_elem(&clients, &cookie);
	if (!original || original->proxy_port != bpf_ntohs((__u16)context->user_port))
		return 0;
	return original;
}

/* The address that this namespace's connections would have come from, for one of this family; false for none. */
static __always_inline bool pod_source(struct bpf_sock_addr *context, bool ipv4, struct address *source)
{
	__u64 netns = bpf_get_netns_cookie(context);
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);

	if (!pod)
		return false;
	*source = ipv4 ? pod->source4 : pod->source6;
	return !is_zero(source);
}

/* The source to name for `own`, the socket's own address, where we have redirected the socket. */
static __always_inline bool own_source(struct bpf_sock_addr *context, const struct address *own, struct address *source)
{
	__u64 cookie = bpf_get_socket_cookie(context);
	struct original *original;

	if (!is_localhost(own))
		return false;
	original = bpf_map_lookup_elem(&clients, &cookie);
	return original && !original->bound && pod_source(context, is_ipv4(own), source);
}

/* The source to name for `peer`, where this is the proxy's end of a connection that we redirected. */
static __always_inline bool client_source(struct bpf_sock_addr *context, const struct address *peer,
					  struct address *source)
{
	struct bpf_sock *sk = context->sk;
	struct connection key = { .client = *peer };
	struct original *original;

	if (!constants.netns_cookie || !sk || !is_localhost(peer))
		return false;
	key.netns = bpf_get_netns_cookie(context);
	key.client_port = bpf_ntohs((__u16)context->user_port);
	key.proxy_port = sk->src_port;
	original = bpf_map_lookup_elem(&connections, &key);
	return original && !original->bound && pod_source(context, is_ipv4(peer), source);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The first destination on its way from the application's socket to the proxy's, and sockets that are joined.
 */
#pragma once

#include "node_maps.h"
#include "address.h"
#include "report.h"

static __always_inline struct address local_address(struct bpf_sock_ops *context)
{
	return SOCKET_ADDRESS(context->family, context->local_ip4, context->local_ip6);
}

static __always_inline struct address remote_address(struct bpf_sock_ops *context)
{
	return SOCKET_ADDRESS(context->family, context->remote_ip4, context->remote_ip6);
}

static __always_inline __u64 netns_of(struct bpf_sock_ops *context)
{
	return constants.netns_cookie ? bpf_get_netns_cookie(context) : 0;
}

static __always_inline struct connection from_client(struct bpf_sock_ops *context)
{
	return (struct connection){
		.netns = netns_of(context),
		.client = local_address(context),
		.client_port = context->local_port,
		.proxy_port = bpf_ntohl(context->remote_port),
	};
}

static __always_inline struct connection from_proxy(struct bpf_sock_ops *context)
{
	return (struct connection){
		.netns = netns_of(context),
		.client = remote_address(context),
		.client_port = bpf_ntohl(context->remote_port),
		.proxy_port = context->local_port,
	};
}

/* The proxy will not know where this connection was going. */
static __always_inline void lost(const struct connection *connection, int error)
{
	__u64 netns = connection->netns;
	struct event event = {
		.netns = netns,
		.hook = HOOK_ESTABLISHED,
		.peer = connection->client,
		.peer_port = connection->client_port,
		.port = connection->proxy_port,
		.protocol = IPPROTO_TCP,
		.verdict = VERDICT_ERROR_LOST,
		.error = -error,
	};
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);

	if (pod)
		report(pod, &event, constants.ring_buffer);
}

static __always_inline void hand_over(struct bpf_sock_ops *context, struct original *original)
{
	struct connection key = from_client(context);
	int error = bpf_map_update_elem(&connecting, &key, original, BPF_ANY);

	if (error)
		lost(&key, error);
}

/* The port is chosen, the SYN is not yet sent: with data in it (TCP Fast Open) the proxy might be the first to ask. */
static __always_inline void begins(struct bpf_sock_ops *context, struct original *original)
{
	struct address remote;
	struct connection key;

	if (original) {
		hand_over(context, original);
		bpf_sock_ops_cb_flags_set(context, context->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
		return;
	}
	/* What an earlier socket of this port left behind is not true of this one. */
	remote = remote_address(context);
	if (!is_localhost(&remote))
		return;
	key = from_client(context);
	bpf_map_delete_elem(&connecting, &key);
}

/* The proxy's end is not yet there, unless the SYN carried data. An entry that others displaced is written again. */
static __always_inline void answered(struct bpf_sock_ops *context, struct original *original)
{
	struct connection key = from_client(context);

	if (context->data_segs_out == 0 && !bpf_map_lookup_elem(&connecting, &key))
		hand_over(context, original);
}

/* Nobody accepted it. */
static __always_inline void failed(struct bpf_sock_ops *context)
{
	struct connection key = from_client(context);

	bpf_map_delete_elem(&connecting, &key);
}

static __always_inline void join(struct bpf_sock_ops *context)
{
	struct ends ends = {
		.netns = netns_of(context),
		.local = local_address(context),
		.remote = remote_address(context),
		.local_port = context->local_port,
		.remote_port = bpf_ntohl(context->remote_port),
	};
	struct pod *pod;

	if (!constants.accelerate)
		return;
	pod = bpf_map_lookup_elem(&pods, &ends.netns);
	if (pod && (pod->flags & POD_ACCELERATE))
		bpf_sock_hash_update(context, &accelerated, &ends, BPF_ANY);
}

/* The proxy's end is made, and not yet accepted. */
static __always_inline void accepted(struct bpf_sock_ops *context, struct bpf_sock *sk)
{
	struct address local = local_address(context);
	struct original *found, *kept;
	struct connection key;
	struct pod *pod;

	if (!is_localhost(&local))
		return;
	key = from_proxy(context);
	found = bpf_map_lookup_elem(&connecting, &key);
	if (found) {
		kept = bpf_sk_storage_get(&accepted_dst, sk, found, BPF_SK_STORAGE_GET_F_CREATE);
		if (!kept)
			lost(&key, -12); /* ENOMEM */
		bpf_map_delete_elem(&connecting, &key);
		join(context);
		return;
	}
	pod = bpf_map_lookup_elem(&pods, &key.netns);
	if (pod && (key.proxy_port == pod->outbound_port || key.proxy_port == pod->inbound_port))
		count(key.netns, VERDICT_DIRECT);
}

SEC("sockops")
int handshake(struct bpf_sock_ops *context)
{
	__u32 op = context->op;
	struct bpf_sock *sk;
	struct original *original;

	if (op != BPF_SOCK_OPS_TCP_CONNECT_CB && op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB &&
	    op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB && op != BPF_SOCK_OPS_STATE_CB)
		return 1;
	sk = context->sk;
	if (!sk)
		return 1;
	if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) {
		accepted(context, sk);
		return 1;
	}
	if (op == BPF_SOCK_OPS_STATE_CB &&
	    (context->args[0] != BPF_TCP_SYN_SENT || context->args[1] != BPF_TCP_CLOSE))
		return 1;
	original = bpf_sk_storage_get(&client_dst, sk, 0, 0);
	if (op == BPF_SOCK_OPS_TCP_CONNECT_CB) {
		begins(context, original);
	} else if (original && op == BPF_SOCK_OPS_STATE_CB) {
		failed(context);
	} else if (original) {
		answered(context, original);
		join(context);
	}
	return 1;
}

/* What one of two joined sockets sends is what the other one receives; where the other is gone, it takes the long way. */
SEC("sk_msg")
int redirect(struct sk_msg_md *context)
{
	struct ends peer = { .netns = constants.netns_cookie ? bpf_get_netns_cookie(context) : 0 };

	peer.local = SOCKET_ADDRESS(context->family, context->remote_ip4, context->remote_ip6);
	peer.remote = SOCKET_ADDRESS(context->family, context->local_ip4, context->local_ip6);
	peer.local_port = bpf_ntohl(context->remote_port);
	peer.remote_port = context->local_port;
	bpf_msg_redirect_hash(context, &accelerated, &peer, BPF_F_INGRESS);
	return SK_PASS;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The first destination on its way from the application's socket to the proxy's.
 */
#pragma once

#include "joined.h"
#include "report.h"

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
	struct pod *pod = bpf_map_lookup_elem(&pods, &netns);

	count(netns, VERDICT_ERROR_LOST);
	if (pod && is_wanted(pod, VERDICT_ERROR_LOST, constants.ring_buffer)) {
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

		write_event(&event);
	}
}

/*
 * The port is chosen, the SYN is not yet sent: with data in it (TCP Fast Open) the proxy might ask before it is
 * answered.
 */
static __always_inline void begins(struct bpf_sock_ops *context)
{
	__u64 cookie = bpf_get_socket_cookie(context);
	struct original *original = bpf_map_lookup_elem(&clients, &cookie);
	struct connection key;
	struct address remote;
	int error;

	if (original) {
		key = from_client(context);
		error = bpf_map_update_elem(&connections, &key, original, BPF_ANY);
		if (error)
			lost(&key, error);
		watch(context, BPF_SOCK_OPS_STATE_CB_FLAG);
		return;
	}
	/* What an earlier socket of this port left behind is not true of this one. */
	remote = remote_address(context);
	if (!is_localhost(&remote))
		return;
	key = from_client(context);
	bpf_map_delete_elem(&connections, &key);
}

/* Nobody answered the client, or the proxy has closed its end: the client's close says nothing, the proxy might not
 * have accepted yet. */
static __always_inline void ends(struct bpf_sock_ops *context)
{
	struct connection key = context->args[0] == BPF_TCP_SYN_SENT ? from_client(context) : from_proxy(context);

	bpf_map_delete_elem(&connections, &key);
}

/* The proxy's end is made, and not yet accepted. */
static __always_inline void accepted(struct bpf_sock_ops *context)
{
	struct address local = local_address(context);
	struct address remote = remote_address(context);
	struct connection key;
	struct pod *pod;

	if (constants.accelerate && (meaning_of(&remote) & MEANS_PASSTHROUGH))
		join_server(context);
	if (!is_localhost(&local))
		return;
	key = from_proxy(context);
	if (bpf_map_lookup_elem(&connections, &key)) {
		watch(context, BPF_SOCK_OPS_STATE_CB_FLAG);
		if (constants.accelerate)
			join_server(context);
		return;
	}
	pod = bpf_map_lookup_elem(&pods, &key.netns);
	if (pod && (key.proxy_port == pod->outbound_port || key.proxy_port == pod->inbound_port))
		count(key.netns, VERDICT_DIRECT);
}

/* The client's end of a connection to the proxy, or of the proxy's to its application. */
static __always_inline void connected(struct bpf_sock_ops *context)
{
	struct address local = local_address(context);
	__u64 cookie = bpf_get_socket_cookie(context);

	if ((meaning_of(&local) & MEANS_PASSTHROUGH) || bpf_map_lookup_elem(&clients, &cookie))
		join_client(context);
}

SEC("sockops")
int handshake(struct bpf_sock_ops *context)
{
	switch (context->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		begins(context);
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		if (constants.accelerate)
			connected(context);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		accepted(context);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (constants.accelerate)
			look_after(context, context->args[1]);
		if (context->args[1] == BPF_TCP_CLOSE)
			ends(context);
		break;
	case BPF_SOCK_OPS_RTT_CB:
		if (constants.accelerate)
			look_after(context, 0);
		break;
	}
	return 1;
}

/* A socket goes. Linux 5.9; without it, entries stay until newer ones displace them. */
SEC("cgroup/sock_release")
int release(struct bpf_sock *context)
{
	__u64 netns = bpf_get_netns_cookie(context);
	__u64 cookie;

	if (!bpf_map_lookup_elem(&pods, &netns))
		return 1;
	cookie = bpf_get_socket_cookie(context);
	if (bpf_map_lookup_elem(&clients, &cookie))
		bpf_map_delete_elem(&clients, &cookie);
	return 1;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The programs that are attached once, to a cgroup that holds the pods, and steer the sockets of every pod in `pods`.
 */
#include "sock_addr.h"
#include "names.h"
#include "handshake.h"
#include "original_dst.h"

static __always_inline int redirect4(struct bpf_sock_addr *context, enum hook hook)
{
	struct attempt attempt = { .to = address4(context->user_ip4) };
	int port = steer(context, &attempt, hook);

	if (port <= 0)
		return port == 0;
	if (hook == HOOK_CONNECT && !constants.netns_cookie)
		keep_source4(context, &attempt);
	context->user_ip4 = LOCALHOST4;
	context->user_port = bpf_htons(port);
	return 1;
}

static __always_inline int redirect6(struct bpf_sock_addr *context, enum hook hook)
{
	struct attempt attempt = { .to = user_address6(context) };
	bool ipv4 = is_ipv4(&attempt.to);
	int port = steer(context, &attempt, hook);

	if (port <= 0)
		return port == 0;
	if (hook == HOOK_CONNECT && !constants.netns_cookie)
		keep_source6(context, &attempt);
	context->user_ip6[0] = 0;
	context->user_ip6[1] = 0;
	context->user_ip6[2] = ipv4 ? MAPPED : 0;
	context->user_ip6[3] = ipv4 ? LOCALHOST4 : bpf_htonl(1);
	context->user_port = bpf_htons(port);
	return 1;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *context)
{
	return redirect4(context, HOOK_CONNECT);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *context)
{
	return redirect6(context, HOOK_CONNECT);
}

/* Datagrams of sockets that are not connected; also IPv4 of an IPv6 socket. */
SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *context)
{
	return redirect4(context, HOOK_SENDMSG);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *context)
{
	return redirect6(context, HOOK_SENDMSG);
}

/* Answers come from the server that was asked. */
SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *context)
{
	struct address from = address4(context->user_ip4);
	struct original *original = believed(context, &from);

	if (original)
		name4(context, &original->address, original->port);
	return 1;
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *context)
{
	struct address from = user_address6(context);
	struct original *original = believed(context, &from);

	if (original)
		name6(context, &original->address, original->port);
	return 1;
}

/* getpeername(2) of a client names the server that it called; accept(2) and getpeername(2) of the proxy, the pod's
 * address. Linux 5.8, as getsockname. */
SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *context)
{
	struct address peer = address4(context->user_ip4);
	struct original *original = believed(context, &peer);
	struct address source;

	if (original)
		name4(context, &original->address, original->port);
	else if (client_source(context, &peer, &source))
		name4(context, &source, bpf_ntohs((__u16)context->user_port));
	return 1;
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *context)
{
	struct address peer = user_address6(context);
	struct original *original = believed(context, &peer);
	struct address source;

	if (original)
		name6(context, &original->address, original->port);
	else if (client_source(context, &peer, &source))
		name6(context, &source, bpf_ntohs((__u16)context->user_port));
	return 1;
}

/* getsockname(2) of a redirected client names the pod's address. */
SEC("cgroup/getsockname4")
int getsockname4(struct bpf_sock_addr *context)
{
	struct address own = address4(context->user_ip4);
	struct address source;

	if (own_source(context, &own, &source))
		name4(context, &source, bpf_ntohs((__u16)context->user_port));
	return 1;
}

SEC("cgroup/getsockname6")
int getsockname6(struct bpf_sock_addr *context)
{
	struct address own = user_address6(context);
	struct address source;

	if (own_source(context, &own, &source))
		name6(context, &source, bpf_ntohs((__u16)context->user_port));
	return 1;
}

char _license[] SEC("license") = "Apache-2.0";

/* SPDX-License-Identifier: Apache-2.0
 *
 * The programs that are attached once, to a cgroup that holds the pods, and steer the sockets of every pod in `pods`.
 */
#include "sock_addr.h"
#include "handshake.h"
#include "original_dst.h"

static __always_inline struct address user_address6(struct bpf_sock_addr *context)
{
	return (struct address){ .words = { context->user_ip6[0], context->user_ip6[1], context->user_ip6[2],
					    context->user_ip6[3] } };
}

static __always_inline int redirect4(struct bpf_sock_addr *context, enum hook hook)
{
	struct address to = address4(context->user_ip4);
	int port = steer(context, &to, hook);

	if (port < 0)
		return 0;
	if (port == 0)
		return 1;
	if (hook == HOOK_CONNECT)
		keep_source4(context);
	context->user_ip4 = LOCALHOST4;
	context->user_port = bpf_htons(port);
	return 1;
}

static __always_inline int redirect6(struct bpf_sock_addr *context, enum hook hook)
{
	struct address to = user_address6(context);
	bool ipv4 = is_ipv4(&to);
	int port = steer(context, &to, hook);

	if (port < 0)
		return 0;
	if (port == 0)
		return 1;
	if (hook == HOOK_CONNECT)
		keep_source6(context, ipv4);
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

/* Where a redirected socket believes to be talking to; absent where `from` is not where we sent it. */
static __always_inline struct original *believed(struct bpf_sock_addr *context, const struct address *from)
{
	struct original *original;

	if (!is_localhost(from))
		return 0;
	original = bpf_sk_storage_get(&client_dst, context->sk, 0, 0);
	if (!original || original->proxy_port != bpf_ntohs((__u16)context->user_port))
		return 0;
	return original;
}

static __always_inline int name_server4(struct bpf_sock_addr *context)
{
	struct address from = address4(context->user_ip4);
	struct original *original = believed(context, &from);

	if (!original)
		return 1;
	context->user_ip4 = original->address.words[3];
	context->user_port = bpf_htons(original->port);
	return 1;
}

static __always_inline int name_server6(struct bpf_sock_addr *context)
{
	struct address from = user_address6(context);
	struct original *original = believed(context, &from);

	if (!original)
		return 1;
	context->user_ip6[0] = original->address.words[0];
	context->user_ip6[1] = original->address.words[1];
	context->user_ip6[2] = original->address.words[2];
	context->user_ip6[3] = original->address.words[3];
	context->user_port = bpf_htons(original->port);
	return 1;
}

/* Answers come from the server that was asked. */
SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *context)
{
	return name_server4(context);
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *context)
{
	return name_server6(context);
}

/* getpeername(2) names the server that was called; Linux 5.8. */
SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *context)
{
	return name_server4(context);
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *context)
{
	return name_server6(context);
}

char _license[] SEC("license") = "Apache-2.0";

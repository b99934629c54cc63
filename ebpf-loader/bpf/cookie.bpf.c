/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells the cookie of a network namespace to user space where the kernel has no SO_NETNS_COOKIE (before Linux 5.14).
 * It is attached for one moment, in which the asking process connects a datagram socket, in that namespace, to an
 * address that nobody else connects to; nothing is sent by that. All other connections pass unseen.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "layout.h"

/* A section of its own, which user space fills as a whole. */
#define CONSTANTS ".rodata.constants"

const volatile struct cookie_constants constants SEC(CONSTANTS);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} told SEC(".maps");

SEC("cgroup/connect4")
int cookie(struct bpf_sock_addr *context)
{
	__u32 first = 0;
	__u64 *value;

	if (context->user_ip4 != constants.address || context->user_port != constants.port)
		return 1;
	value = bpf_map_lookup_elem(&told, &first);
	if (value)
		*value = bpf_get_netns_cookie(context);
	return 1;
}

char _license[] SEC("license") = "Apache-2.0";

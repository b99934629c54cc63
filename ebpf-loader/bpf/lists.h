/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to the lists of a pod's configuration.
 */
#pragma once

#include "maps.h"
#include "address.h"

static __always_inline __u32 address_flags(__u64 netns, const struct pod *pod, const struct address *address)
{
	struct pod_address key = {
		.prefix_bits = ADDRESS_FIXED_BITS + 128,
		.generation = pod->generation,
		.netns = netns,
		.address = *address,
	};
	__u32 *flags = bpf_map_lookup_elem(&pod_addresses, &key);

	return flags ? *flags : 0;
}

static __always_inline __u32 port_flags(__u64 netns, const struct pod *pod, __u16 port)
{
	struct pod_port key = { .netns = netns, .generation = pod->generation, .port = port };
	__u32 *flags = bpf_map_lookup_elem(&pod_ports, &key);

	return flags ? *flags : 0;
}

/* Whether one of the pod's rules leaves this user's traffic to this port alone. */
static __always_inline bool uid_excluded(__u64 netns, const struct pod *pod, __u32 uid, __u32 protocol, __u16 port)
{
	struct pod_generation key = { .netns = netns, .generation = pod->generation };
	struct uid_rules *rules = bpf_map_lookup_elem(&pod_uid_rules, &key);

	if (!rules)
		return false;
	for (__u32 i = 0; i < MAX_UID_RULES; i++) {
		struct uid_rule *rule = &rules->rules[i];

		if (i >= rules->count)
			return false;
		if (rule->protocol == protocol && rule->uid_from <= uid && uid <= rule->uid_to &&
		    rule->port_from <= port && port <= rule->port_to)
			return true;
	}
	return false;
}

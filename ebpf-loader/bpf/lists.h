/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to the lists of a pod's configuration.
 */
#pragma once

#include "maps.h"
#include "address.h"

static __always_inline bool same(const struct address *a, const struct address *b)
{
	return !((a->words[0] ^ b->words[0]) | (a->words[1] ^ b->words[1]) | (a->words[2] ^ b->words[2]) |
		 (a->words[3] ^ b->words[3]));
}

/* The flags of an address in the pod's list, given in two halves. */
__attribute__((noinline)) __u32 listed_address(__u64 netns, __u32 generation, __u64 first, __u64 last)
{
	struct pod_address key = {
		.prefix_bits = ADDRESS_FIXED_BITS + 128,
		.generation = generation,
		.netns = netns,
		.address.words = { first, first >> 32, last, last >> 32 },
	};
	__u32 *flags = bpf_map_lookup_elem(&pod_addresses, &key);

	return flags ? *flags : 0;
}

static __always_inline __u32 address_flags(__u64 netns, const struct pod *pod, const struct address *address,
					   __u32 means)
{
	bool ipv4 = means & MEANS_IPV4;

	/* Most pods have one address and no lists: the trie costs more than all other questions together. */
	if (pod->flags & (ipv4 ? POD_ADDRESSES4 : POD_ADDRESSES6))
		return listed_address(netns, pod->generation, first_half(address), last_half(address));
	return same(address, ipv4 ? &pod->source4 : &pod->source6) ? ADDRESS_OWN : 0;
}

/* The flags of a port in the pod's list. */
__attribute__((noinline)) __u32 listed_port(__u64 netns, __u32 generation, __u32 port)
{
	struct pod_port key = { .netns = netns, .generation = generation, .port = port };
	__u32 *flags = bpf_map_lookup_elem(&pod_ports, &key);

	return flags ? *flags : 0;
}

static __always_inline __u32 port_flags(__u64 netns, const struct pod *pod, __u16 port)
{
	return listed_port(netns, pod->generation, port);
}

/*
 * Whether one of the pod's rules leaves this user's traffic to this port alone. A global function: the verifier goes
 * through its loop once, by itself, and not once for each way that leads to it (which was more than it bears).
 */
__attribute__((noinline)) int uid_excluded(__u64 netns, __u32 generation, __u32 uid, __u32 protocol, __u32 port)
{
	struct pod_generation key = { .netns = netns, .generation = generation };
	struct uid_rules *rules = bpf_map_lookup_elem(&pod_uid_rules, &key);

	if (!rules)
		return 0;
	for (__u32 i = 0; i < MAX_UID_RULES; i++) {
		struct uid_rule *rule = &rules->rules[i];

		if (i >= rules->count)
			return 0;
		if (rule->protocol == protocol && rule->uid_from <= uid && uid <= rule->uid_to &&
		    rule->port_from <= port && port <= rule->port_to)
			return 1;
	}
	return 0;
}

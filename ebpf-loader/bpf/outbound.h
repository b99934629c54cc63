/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an outgoing connection or datagram goes: the order of Kuma's iptables rules.
 */
#pragma once

#include "lists.h"

#define DNS_PORT 53

/* What is known at connect(2) and sendmsg(2). */
struct attempt {
	__u64 netns;
	const struct pod *pod;
	struct address to;
	__u32 means; /* enum meaning of `to` */
	__u32 uid;
	__u32 protocol;
	__u16 port;
	bool bound; /* the application chose the address to send from */
	bool from_passthrough; /* and it is the one that Envoy calls the application from */
};

static __always_inline bool family_on(const struct attempt *a)
{
	return a->pod->flags & (a->means & MEANS_IPV4 ? POD_IPV4 : POD_IPV6);
}

static __always_inline bool dns_on(const struct attempt *a)
{
	return a->pod->flags & (a->means & MEANS_IPV4 ? POD_DNS4 : POD_DNS6);
}

static __always_inline bool is_excluded(const struct attempt *a, __u32 address)
{
	if (address & ADDRESS_OUTBOUND_EXCLUDED)
		return true;
	return (a->pod->flags & POD_UID_RULES) &&
	       uid_excluded(a->netns, a->pod->generation, a->uid, a->protocol, a->port);
}

/* Who asks for what, beside the flags of pod, address and port. */
enum situation {
	BY_SIDECAR = 1 << 0,
	FROM_PASSTHROUGH = 1 << 1,
	ASKS_DNS = 1 << 2, /* port 53, and DNS is on for this family */
};

/* What remains after users and addresses that are excluded. Global for the same reason as meaning(). */
__attribute__((noinline)) __u32 judge_tcp(__u32 pod, __u32 means, __u32 address, __u32 ports, __u32 situation)
{
	bool dns = situation & ASKS_DNS;
	bool sidecar = situation & BY_SIDECAR;

	if (!(pod & POD_OUTBOUND))
		return VERDICT_PASS_OFF;
	if (!(pod & POD_OUTBOUND_INCLUDES) && (ports & PORT_OUTBOUND_EXCLUDED))
		return VERDICT_PASS_EXCLUDED;
	if ((means & MEANS_LOOPBACK) || (address & ADDRESS_OWN)) {
		if (situation & FROM_PASSTHROUGH)
			return VERDICT_PASS_LOCAL;
		if (!dns && sidecar && !(means & MEANS_LOCALHOST))
			return VERDICT_INBOUND_LOCAL;
		if (!dns && !sidecar)
			return VERDICT_PASS_LOCAL;
	}
	if (sidecar)
		return VERDICT_PASS_SIDECAR;
	if (dns && ((pod & POD_DNS_ALL) || (address & ADDRESS_DNS_SERVER)))
		return VERDICT_DNS;
	if (means & MEANS_LOCALHOST)
		return VERDICT_PASS_LOCAL;
	if ((pod & POD_OUTBOUND_INCLUDES) && !(ports & PORT_OUTBOUND_INCLUDED))
		return VERDICT_PASS_OFF;
	return VERDICT_OUTBOUND;
}

static __always_inline enum verdict decide_tcp(const struct attempt *a)
{
	__u32 address, ports = 0, situation = 0;

	if (!family_on(a))
		return VERDICT_PASS_OFF;
	address = address_flags(a->netns, a->pod, &a->to, a->means);
	if (is_excluded(a, address))
		return VERDICT_PASS_EXCLUDED;
	if (a->pod->flags & (POD_OUTBOUND_PORTS | POD_OUTBOUND_INCLUDES))
		ports = port_flags(a->netns, a->pod, a->port);
	if (a->uid == a->pod->sidecar_uid)
		situation |= BY_SIDECAR;
	if (a->from_passthrough)
		situation |= FROM_PASSTHROUGH;
	if (a->port == DNS_PORT && dns_on(a))
		situation |= ASKS_DNS;
	return judge_tcp(a->pod->flags, a->means, address, ports, situation);
}

/* Only for port 53 where DNS is on: everything else by UDP goes where it wants. */
static __always_inline enum verdict decide_dns(const struct attempt *a)
{
	__u32 address;

	if (!family_on(a))
		return VERDICT_PASS_OFF;
	address = address_flags(a->netns, a->pod, &a->to, a->means);
	if (is_excluded(a, address))
		return VERDICT_PASS_EXCLUDED;
	if (a->uid == a->pod->sidecar_uid)
		return VERDICT_PASS_SIDECAR;
	if ((a->pod->flags & POD_DNS_ALL) || (address & ADDRESS_DNS_SERVER))
		return VERDICT_DNS;
	return VERDICT_PASS_OFF;
}

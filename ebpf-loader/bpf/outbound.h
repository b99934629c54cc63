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
	__u32 uid;
	__u32 protocol;
	__u16 port;
	bool from_passthrough; /* bound to the address that Envoy calls the application from */
};

static __always_inline bool family_on(const struct attempt *a)
{
	return a->pod->flags & (is_ipv4(&a->to) ? POD_IPV4 : POD_IPV6);
}

static __always_inline bool dns_on(const struct attempt *a)
{
	return a->pod->flags & (is_ipv4(&a->to) ? POD_DNS4 : POD_DNS6);
}

static __always_inline bool asks_our_server(const struct attempt *a, __u32 address)
{
	return (a->pod->flags & POD_DNS_ALL) || (address & ADDRESS_DNS_SERVER);
}

static __always_inline bool is_excluded(const struct attempt *a, __u32 address)
{
	if (address & ADDRESS_OUTBOUND_EXCLUDED)
		return true;
	return (a->pod->flags & POD_UID_RULES) && uid_excluded(a->netns, a->pod, a->uid, a->protocol, a->port);
}

static __always_inline enum verdict decide_tcp(const struct attempt *a)
{
	__u32 flags = a->pod->flags;
	__u32 address, ports = 0;
	bool sidecar = a->uid == a->pod->sidecar_uid;
	bool dns = dns_on(a) && a->port == DNS_PORT;

	if (!family_on(a))
		return VERDICT_PASS_OFF;
	address = address_flags(a->netns, a->pod, &a->to);
	if (is_excluded(a, address))
		return VERDICT_PASS_EXCLUDED;
	if (!(flags & POD_OUTBOUND))
		return VERDICT_PASS_OFF;
	if (flags & (POD_OUTBOUND_PORTS | POD_OUTBOUND_INCLUDES))
		ports = port_flags(a->netns, a->pod, a->port);
	if (!(flags & POD_OUTBOUND_INCLUDES) && (ports & PORT_OUTBOUND_EXCLUDED))
		return VERDICT_PASS_EXCLUDED;
	if (is_loopback(&a->to) || (address & ADDRESS_OWN)) {
		if (a->from_passthrough)
			return VERDICT_PASS_LOCAL;
		if (!dns && sidecar && !is_localhost(&a->to))
			return VERDICT_INBOUND_LOCAL;
		if (!dns && !sidecar)
			return VERDICT_PASS_LOCAL;
	}
	if (sidecar)
		return VERDICT_PASS_SIDECAR;
	if (dns && asks_our_server(a, address))
		return VERDICT_DNS;
	if (is_localhost(&a->to))
		return VERDICT_PASS_LOCAL;
	if ((flags & POD_OUTBOUND_INCLUDES) && !(ports & PORT_OUTBOUND_INCLUDED))
		return VERDICT_PASS_OFF;
	return VERDICT_OUTBOUND;
}

/* Only for port 53 where DNS is on: everything else by UDP goes where it wants. */
static __always_inline enum verdict decide_dns(const struct attempt *a)
{
	__u32 address;

	if (!family_on(a))
		return VERDICT_PASS_OFF;
	address = address_flags(a->netns, a->pod, &a->to);
	if (is_excluded(a, address))
		return VERDICT_PASS_EXCLUDED;
	if (a->uid == a->pod->sidecar_uid)
		return VERDICT_PASS_SIDECAR;
	return asks_our_server(a, address) ? VERDICT_DNS : VERDICT_PASS_OFF;
}

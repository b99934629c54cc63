/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses of either family in 16 bytes, and which of them mean this machine.
 */
#pragma once

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "layout.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

#define MAPPED bpf_htonl(0xffff)
#define LOCALHOST4 bpf_htonl(0x7f000001)
/* Envoy calls the application from 127.0.0.6 or ::6. */
#define PASSTHROUGH4 bpf_htonl(0x7f000006)

static __always_inline struct address address4(__be32 word)
{
	return (struct address){ .words = { 0, 0, MAPPED, word } };
}

static __always_inline bool is_zero(const struct address *a)
{
	return !(a->words[0] | a->words[1] | a->words[2] | a->words[3]);
}

static __always_inline bool is_ipv4(const struct address *a)
{
	return !(a->words[0] | a->words[1]) && a->words[2] == MAPPED;
}

/* An address ::n whose last word is `word`. */
static __always_inline bool is_short6(const struct address *a, __be32 word)
{
	return !(a->words[0] | a->words[1] | a->words[2]) && a->words[3] == word;
}

/* 127.0.0.1 or ::1 */
static __always_inline bool is_localhost(const struct address *a)
{
	return is_ipv4(a) ? a->words[3] == LOCALHOST4 : is_short6(a, bpf_htonl(1));
}

static __always_inline bool is_passthrough(const struct address *a)
{
	return is_ipv4(a) ? a->words[3] == PASSTHROUGH4 : is_short6(a, bpf_htonl(6));
}

/* What is this machine's whatever its addresses: 127.0.0.0/8, ::1, and ::6, which the mesh gives to loopback. */
static __always_inline bool is_loopback(const struct address *a)
{
	if (is_ipv4(a))
		return (a->words[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return is_short6(a, bpf_htonl(1)) || is_short6(a, bpf_htonl(6));
}

/*
 * A field of a program's context, read here and now. Left to itself the compiler merges reads of two branches into one
 * of a computed address, which the verifier refuses.
 */
#define READ(field) (*(const volatile typeof(field) *)&(field))

/* The address of a socket: one of IPv6 reads 127.0.0.6 in the field of IPv4, so the family decides. */
#define SOCKET_ADDRESS(family, ip4, ip6)                                                              \
	({                                                                                            \
		__be32 word4 = READ(ip4);                                                             \
		struct address address = { .words = { READ((ip6)[0]), READ((ip6)[1]), READ((ip6)[2]), \
						      READ((ip6)[3]) } };                             \
		(family) == AF_INET ? address4(word4) : address;                                      \
	})

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

/* What an address means wherever it is. */
enum meaning {
	MEANS_IPV4 = 1 << 0,
	MEANS_LOCALHOST = 1 << 1,   /* 127.0.0.1 or ::1 */
	MEANS_PASSTHROUGH = 1 << 2, /* 127.0.0.6 or ::6: Envoy calls the application from there */
	MEANS_LOOPBACK = 1 << 3,    /* 127.0.0.0/8, ::1, and ::6, which the mesh gives to loopback */
};

/*
 * A global function, as others here: the verifier goes through it once by itself, and knows of its result nothing. In
 * line, the ways through all comparisons of a program would be multiplied.
 */
__attribute__((noinline)) __u32 meaning(__u64 first, __u64 last)
{
	__u32 third = last, word = last >> 32;
	__u32 means = 0;

	if (first)
		return 0;
	if (third == MAPPED) {
		means = MEANS_IPV4;
		if (word == LOCALHOST4)
			means |= MEANS_LOCALHOST;
		if (word == PASSTHROUGH4)
			means |= MEANS_PASSTHROUGH;
		if ((word & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000))
			means |= MEANS_LOOPBACK;
	} else if (!third) {
		if (word == bpf_htonl(1))
			means = MEANS_LOCALHOST | MEANS_LOOPBACK;
		if (word == bpf_htonl(6))
			means = MEANS_PASSTHROUGH | MEANS_LOOPBACK;
	}
	return means;
}

static __always_inline __u64 first_half(const struct address *a)
{
	return (__u64)a->words[1] << 32 | a->words[0];
}

static __always_inline __u64 last_half(const struct address *a)
{
	return (__u64)a->words[3] << 32 | a->words[2];
}

static __always_inline __u32 meaning_of(const struct address *a)
{
	return meaning(first_half(a), last_half(a));
}

static __always_inline bool is_localhost(const struct address *a)
{
	return meaning_of(a) & MEANS_LOCALHOST;
}

static __always_inline bool is_loopback(const struct address *a)
{
	return meaning_of(a) & MEANS_LOOPBACK;
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

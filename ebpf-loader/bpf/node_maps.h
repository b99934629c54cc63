/* SPDX-License-Identifier: Apache-2.0
 *
 * The maps and constants of the programs that are attached once for all pods.
 */
#pragma once

#include "maps.h"

/*
 * Where a socket that we redirected was going, by its cookie. A storage in the socket itself would never displace an
 * entry, but makes connect(2) slower by more than all that is decided in it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__type(key, __u64);
	__type(value, struct original);
} clients SEC(".maps");

/* Told by the one end, and asked for at the other. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, struct connection);
	__type(value, struct original);
} connections SEC(".maps");

/* The joined sockets: what the one sends, the other has received. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, MAX_SOCKETS);
	__type(key, struct joined_end);
	__type(value, __u64);
} accelerated SEC(".maps");

const volatile struct node_constants constants SEC(CONSTANTS) = {};

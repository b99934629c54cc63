/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets of application and proxy that are joined: what the one sends is put into the receive queue of the other.
 *
 * A receiver reads what came that way ahead of what came by TCP. So a direction that has sent anything by TCP stays with
 * TCP: bytes that overtook others would be the worst that could happen here. Going over to TCP is safe at any time, as
 * one send(2) returns before the next begins. (Threads that send on one socket at once, without order among themselves,
 * have none here either: at that one moment a message of the one may come to lie within a message of the other.)
 *
 * TCP lets a sender wait for a reader that does not read; here nothing would, and the memory is the kernel's. What has
 * been read no program is told. So a direction goes over to TCP with the message that makes more than JOINED_TURN bytes
 * since the other end last sent something, or more than JOINED_BYTES in all.
 */
#pragma once

#include "node_maps.h"
#include "address.h"

/* More than requests and their answers; large transfers are as fast by TCP, and faster once they have left the map. */
#define JOINED_TURN (1 << 20)
/* What can be unread at most, where an end sends and never reads. */
#define JOINED_BYTES (256 << 20)
/* What the kernel needs for a message beside its bytes (struct sk_msg). */
#define JOINED_MESSAGE 1024

enum side {
	SIDE_CLIENT = 0,
	SIDE_SERVER = 1,
};

struct direction {
	__u64 bytes; /* of memory that what was put into the other end's queue has taken so far */
	__u32 turn;  /* of these, since the other end last sent something */
	__u32 plain; /* 1: by TCP, from now on */
};

/* Value of `joined`. */
struct joined {
	struct bpf_spin_lock lock;
	__u32 complete; /* 1: both ends are in `accelerated` */
	struct direction sent[2]; /* by enum side */
};

/* Connections by the cookie of the client's socket, which the kernel never gives twice. From the client's handshake to
 * the close of either end. With as many of them as entries the next ones are not joined. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SOCKETS / 2);
	__type(key, __u64);
	__type(value, struct joined);
} joined SEC(".maps");

/* Of which connection a socket is which end: addresses and ports may be those of an earlier one. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct joined_end);
} joined_ends SEC(".maps");

/* What the client's end tells the server's, from the one's handshake to the other's. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_JOINING);
	__type(key, struct ends);
	__type(value, __u64);
} joining SEC(".maps");

static __always_inline struct address local_address(struct bpf_sock_ops *context)
{
	return SOCKET_ADDRESS(context->family, context->local_ip4, context->local_ip6);
}

static __always_inline struct address remote_address(struct bpf_sock_ops *context)
{
	return SOCKET_ADDRESS(context->family, context->remote_ip4, context->remote_ip6);
}

static __always_inline __u64 netns_of(struct bpf_sock_ops *context)
{
	return constants.netns_cookie ? bpf_get_netns_cookie(context) : 0;
}

/* Asks for callbacks of this socket. Others may have asked for theirs. */
static __always_inline void watch(struct bpf_sock_ops *context, int flags)
{
	bpf_sock_ops_cb_flags_set(context, context->bpf_sock_ops_cb_flags | flags);
}

/* Puts the socket in; false where that cannot be done. */
static __always_inline bool enter(struct bpf_sock_ops *context, __u64 connection, enum side side)
{
	struct joined_end end = { .connection = connection, .side = side };
	struct bpf_sock *sk = context->sk;

	if (!sk || !bpf_sk_storage_get(&joined_ends, sk, &end, BPF_SK_STORAGE_GET_F_CREATE))
		return false;
	if (bpf_sock_hash_update(context, &accelerated, &end, BPF_ANY))
		return false;
	watch(context, BPF_SOCK_OPS_STATE_CB_FLAG | BPF_SOCK_OPS_RTT_CB_FLAG);
	return true;
}

/* The client's end of a connection within a namespace has shaken hands. It is always the first. */
static __always_inline void join_client(struct bpf_sock_ops *context)
{
	struct ends ends = {
		.netns = netns_of(context),
		.local = local_address(context),
		.remote = remote_address(context),
		.local_port = context->local_port,
		.remote_port = bpf_ntohl(context->remote_port),
	};
	__u64 connection = bpf_get_socket_cookie(context);
	struct pod *pod = bpf_map_lookup_elem(&pods, &ends.netns);
	struct joined fresh = {};

	/* With data in the SYN (TCP Fast Open) some has gone by TCP. */
	if (!pod || !(pod->flags & POD_ACCELERATE) || context->data_segs_out)
		return;
	if (bpf_map_update_elem(&joined, &connection, &fresh, BPF_ANY))
		return;
	if (enter(context, connection, SIDE_CLIENT))
		bpf_map_update_elem(&joining, &ends, &connection, BPF_ANY);
}

/* The server's end, which has not yet been accepted. */
static __always_inline void join_server(struct bpf_sock_ops *context)
{
	struct ends ends = {
		.netns = netns_of(context),
		.local = remote_address(context),
		.remote = local_address(context),
		.local_port = bpf_ntohl(context->remote_port),
		.remote_port = context->local_port,
	};
	__u64 *told, connection;
	struct joined *both;

	told = bpf_map_lookup_elem(&joining, &ends);
	if (!told)
		return;
	connection = *told;
	bpf_map_delete_elem(&joining, &ends);
	both = bpf_map_lookup_elem(&joined, &connection);
	if (!both || !enter(context, connection, SIDE_SERVER))
		return;
	bpf_spin_lock(&both->lock);
	both->complete = 1;
	bpf_spin_unlock(&both->lock);
}

/* This end sends by TCP, from now on. */
static __always_inline void set_plain(struct joined *both, __u32 side)
{
	bpf_spin_lock(&both->lock);
	both->sent[side & 1].plain = 1;
	bpf_spin_unlock(&both->lock);
}

/*
 * An end that sends by TCP leaves the map, and has the kernel's own recv(2) and send(2) back: large transfers are faster
 * then, and a socket that waits in recv(2) is no longer told EAGAIN, though it blocks, when the answer to its FIN wakes
 * it. It can where nothing was ever put into its own queue: that goes with it.
 */
static __always_inline void leave(const struct joined_end *own, struct joined *both)
{
	struct direction *mine = &both->sent[own->side & 1], *theirs = &both->sent[(own->side & 1) ^ 1];
	struct joined_end key = *own;
	bool leaves;

	bpf_spin_lock(&both->lock);
	leaves = mine->plain && !theirs->bytes;
	if (leaves)
		theirs->plain = 1;
	bpf_spin_unlock(&both->lock);
	if (leaves)
		bpf_map_delete_elem(&accelerated, &key);
}

/* A socket's state changes to this one, or what it has sent by TCP has arrived (0). */
static __always_inline void look_after(struct bpf_sock_ops *context, __u32 state)
{
	struct bpf_sock *sk = context->sk;
	struct joined_end *own;
	struct joined *both;

	own = sk ? bpf_sk_storage_get(&joined_ends, sk, 0, 0) : 0;
	both = own ? bpf_map_lookup_elem(&joined, &own->connection) : 0;
	if (!both)
		return;
	switch (state) {
	case BPF_TCP_CLOSE:
		bpf_map_delete_elem(&joined, &own->connection);
		break;
	case BPF_TCP_FIN_WAIT1:
	case BPF_TCP_LAST_ACK:
		/* What it sends after its FIN is refused, which TCP sees to. */
		set_plain(both, own->side);
		leave(own, both);
		break;
	case 0:
		leave(own, both);
		break;
	}
}

/* Whether a message of this many bytes goes past TCP; counts it. */
static __always_inline bool goes_past(struct joined *both, __u32 side, __u32 size)
{
	__u64 bytes = (__u64)size + JOINED_MESSAGE;
	struct direction *mine = &both->sent[side & 1], *theirs = &both->sent[(side & 1) ^ 1];
	bool past;

	bpf_spin_lock(&both->lock);
	theirs->turn = 0;
	if (!both->complete || mine->turn + bytes > JOINED_TURN || mine->bytes + bytes > JOINED_BYTES)
		mine->plain = 1;
	past = !mine->plain;
	if (past) {
		mine->turn += bytes;
		mine->bytes += bytes;
	}
	bpf_spin_unlock(&both->lock);
	return past;
}

/* What an end sends. Without an entry in `joined` nothing goes past TCP any more. */
SEC("sk_msg")
int redirect(struct sk_msg_md *context)
{
	struct bpf_sock *sk = context->sk;
	struct joined_end *own, other = {};
	struct joined *both;

	if (!sk)
		return SK_PASS;
	own = bpf_sk_storage_get(&joined_ends, sk, 0, 0);
	if (!own)
		return SK_PASS;
	other.connection = own->connection;
	other.side = own->side ^ 1;
	both = bpf_map_lookup_elem(&joined, &other.connection);
	if (!both || !goes_past(both, own->side, context->size))
		return SK_PASS;
	/* The other end has closed, or is about to. */
	if (bpf_msg_redirect_hash(context, &accelerated, &other, BPF_F_INGRESS) != SK_PASS)
		set_plain(both, own->side);
	return SK_PASS;
}

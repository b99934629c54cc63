/* SPDX-License-Identifier: Apache-2.0
 *
 * The programs of one pod, for connections from outside: `ingress` on each of its interfaces but loopback gives the
 * packets that begin one to the proxy's inbound listener. Packets stay as they are, so the proxy's end has the first
 * destination for local address and the client for remote one.
 */
#include "packet.h"
#include "report.h"
#include "lists.h"

/* Beginnings of connections of which `reuse` is to answer the kernel's question for a listener. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_REUSED);
	__type(key, struct ends);
	__type(value, __u32);
} reused SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 2);
	__type(key, struct proxy_socket);
	__type(value, __u64);
} proxy_sockets SEC(".maps");

const volatile struct pod_constants constants SEC(CONSTANTS) = {};

/* Goes on with other programs of this interface. */
#define LEAVE TC_ACT_UNSPEC

static __always_inline bool is_intercepted(const struct pod *pod, const struct packet *packet)
{
	__u32 ports = 0;

	if (!(pod->flags & POD_INBOUND) || !(pod->flags & (packet->ipv4 ? POD_IPV4 : POD_IPV6)))
		return false;
	if (address_flags(constants.netns, pod, &packet->from, packet->ipv4 ? MEANS_IPV4 : 0) & ADDRESS_INBOUND_EXCLUDED)
		return false;
	if (pod->flags & (POD_INBOUND_PORTS | POD_INBOUND_INCLUDES))
		ports = port_flags(constants.netns, pod, packet->to_port);
	if (pod->flags & POD_INBOUND_INCLUDES)
		return ports & PORT_INBOUND_INCLUDED;
	return !(ports & PORT_INBOUND_EXCLUDED);
}

static __always_inline void tell(const struct pod *pod, const struct packet *packet, enum verdict verdict, int error)
{
	count(constants.netns, verdict);
	if (is_wanted(pod, verdict, constants.ring_buffer)) {
		struct event event = {
			.netns = constants.netns,
			.hook = HOOK_INGRESS,
			.peer = packet->from,
			.address = packet->to,
			.peer_port = packet->from_port,
			.port = packet->to_port,
			.protocol = IPPROTO_TCP,
			.verdict = verdict,
			.error = -error,
		};

		write_event(&event);
	}
}

/* Lets the kernel look for a listener, and `reuse` below answer. */
static __always_inline int announce(const struct packet *packet)
{
	struct ends ends = ends_of(packet, constants.netns);
	__u32 one = 1;

	return bpf_map_update_elem(&reused, &ends, &one, BPF_ANY);
}

/*
 * What the kernel would do with a packet for a socket in TIME_WAIT that begins a connection: it looks for a listener of
 * the packet's own port. `reuse` then names the proxy's; without it the packet would pass the proxy by.
 */
static __always_inline int take_over(struct __sk_buff *skb, const struct pod *pod, const struct packet *packet,
				     struct bpf_sock *listener)
{
	struct proxy_socket socket = { .netns = constants.netns };
	int error;

	if (!constants.reuse) {
		bpf_sk_release(listener);
		tell(pod, packet, VERDICT_DROP_REUSE, 0);
		return TC_ACT_SHOT;
	}
	socket.family = packet->ipv4 ? AF_INET : AF_INET6;
	error = bpf_map_update_elem(&proxy_sockets, &socket, listener, BPF_ANY);
	bpf_sk_release(listener);
	if (!error)
		error = announce(packet);
	tell(pod, packet, error ? VERDICT_ERROR_ASSIGN : VERDICT_INBOUND, error);
	return error ? TC_ACT_SHOT : LEAVE;
}

static __always_inline int to_proxy(struct __sk_buff *skb, const struct pod *pod, const struct packet *packet,
				    bool time_wait)
{
	struct bpf_sock *listener = find_listener(skb, packet, pod->inbound_port);
	int error;

	if (!listener) {
		if (packet->begins)
			tell(pod, packet, VERDICT_DROP_NO_PROXY, 0);
		/* The client learns at once that it is refused, where `reuse` can say so. */
		return constants.reuse && !announce(packet) ? LEAVE : TC_ACT_SHOT;
	}
	if (time_wait)
		return take_over(skb, pod, packet, listener);
	error = bpf_sk_assign(skb, listener, 0);
	bpf_sk_release(listener);
	if (error) {
		tell(pod, packet, VERDICT_ERROR_ASSIGN, error);
		return TC_ACT_SHOT;
	}
	if (packet->begins)
		tell(pod, packet, VERDICT_INBOUND, 0);
	return LEAVE;
}

SEC("tc")
int ingress(struct __sk_buff *skb)
{
	struct packet packet = {};
	__u64 netns = constants.netns;
	enum reading reading = read_packet(skb, &packet);
	struct pod *pod;
	__u32 state;

	if (reading == READ_OTHER)
		return LEAVE;
	pod = bpf_map_lookup_elem(&pods, &netns);
	if (!pod)
		return LEAVE;
	if (reading == READ_CUT) {
		if (!(pod->flags & POD_INBOUND))
			return LEAVE;
		tell(pod, &packet, VERDICT_DROP_CUT, 0);
		return TC_ACT_SHOT;
	}
	/* Connections that are there go on, whoever has them: the proxy, a port left alone, or from before we came. */
	state = find_state(skb, &packet);
	if (state != NO_SOCKET && state != BPF_TCP_LISTEN && !(packet.begins && state == BPF_TCP_TIME_WAIT))
		return LEAVE;
	if (!is_intercepted(pod, &packet)) {
		if (packet.begins)
			tell(pod, &packet, VERDICT_PASS_INBOUND, 0);
		return LEAVE;
	}
	/* The kernel drops what it forwards and what has a socket, so that is none of ours. */
	if ((pod->flags & POD_FORWARDS) && !(address_flags(netns, pod, &packet.to, packet.ipv4 ? MEANS_IPV4 : 0) & ADDRESS_OWN))
		return LEAVE;
	return to_proxy(skb, pod, &packet, state == BPF_TCP_TIME_WAIT);
}

/* Linux 5.9. Called for every listener that the kernel looks for; ours is only what `ingress` announced. */
SEC("sk_lookup")
int reuse(struct bpf_sk_lookup *context)
{
	struct proxy_socket socket = { .netns = constants.netns, .family = context->family };
	struct ends ends = { .netns = constants.netns };
	struct bpf_sock *listener;
	int error;

	if (context->protocol != IPPROTO_TCP)
		return SK_PASS;
	ends.local = SOCKET_ADDRESS(context->family, context->local_ip4, context->local_ip6);
	ends.remote = SOCKET_ADDRESS(context->family, context->remote_ip4, context->remote_ip6);
	ends.local_port = context->local_port;
	ends.remote_port = bpf_ntohs((__u16)context->remote_port);
	if (bpf_map_delete_elem(&reused, &ends))
		return SK_PASS;
	/* A listener that was closed has left the map by itself: then the client is refused. */
	listener = bpf_map_lookup_elem(&proxy_sockets, &socket);
	if (!listener)
		return SK_DROP;
	error = bpf_sk_assign(context, listener, 0);
	bpf_sk_release(listener);
	return error ? SK_DROP : SK_PASS;
}

char _license[] SEC("license") = "Apache-2.0";

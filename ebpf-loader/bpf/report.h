/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters, and events for who reads them.
 */
#pragma once

#include "maps.h"

static __always_inline void count(__u64 netns, __u32 verdict)
{
	struct counters *counters = bpf_map_lookup_elem(&pod_counters, &netns);

	if (counters && verdict < VERDICT_COUNT)
		counters->verdicts[verdict]++;
}

/* One of the events that may still be written is taken; two at once may take one too many. */
static __always_inline bool take_budget(void)
{
	__u32 first = 0;
	__s64 *budget = bpf_map_lookup_elem(&event_budget, &first);

	if (!budget || *budget <= 0)
		return false;
	__sync_fetch_and_add(budget, -1);
	return true;
}

/* Counts the event's verdict, and writes the event where it is an error or the pod's are asked for. */
static __always_inline void report(const struct pod *pod, struct event *event, bool ring_buffer)
{
	__u32 bit = 1u << (event->verdict & 31);

	count(event->netns, event->verdict);
	/* A constant that is false takes the rest away before a kernel without ring buffers could see it. */
	if (!ring_buffer)
		return;
	if (!(VERDICT_ERRORS & bit) && (!(pod->event_mask & bit) || !take_budget()))
		return;
	if (bpf_ringbuf_output(&events, event, sizeof(*event), 0))
		count(event->netns, VERDICT_EVENT_LOST);
}

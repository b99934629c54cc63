/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters, and events for who reads them.
 */
#pragma once

#include "maps.h"

static __always_inline void count(__u64 netns, __u32 verdict)
{
	struct counters *counters = bpf_map_lookup_elem(&pod_counters, &netns);

	if (counters)
		counters->verdicts[verdict % VERDICT_COUNT]++;
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

/* Whether somebody wants an event of this verdict. */
static __always_inline bool is_wanted(const struct pod *pod, __u32 verdict, bool ring_buffer)
{
	__u32 bit = 1u << (verdict & 31);

	/* A constant that is false takes the rest away before a kernel without ring buffers could see it. */
	if (!ring_buffer)
		return false;
	return (VERDICT_ERRORS & bit) || ((pod->event_mask & bit) && take_budget());
}

static __always_inline void write_event(struct event *event)
{
	if (bpf_ringbuf_output(&events, event, sizeof(*event), 0))
		count(event->netns, VERDICT_EVENT_LOST);
}

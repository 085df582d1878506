/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one exit: each packet is counted once, under its reason, and for an ingress destination
 * once more under passed or dropped, and shown to whoever watches. Then the reason becomes the XDP
 * action.
 */
#ifndef WEIR_BPF_COUNT_H
#define WEIR_BPF_COUNT_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "gate_maps.h"
#include "packet.h"
#include "watch.h"

static __always_inline void count_add(struct weir_count *count, __u32 bytes)
{
	count->packets++;
	count->bytes += bytes;
}

static __always_inline void count_destination(const struct weir_packet *p, bool passes)
{
	__u32 slot = p->slot;
	struct weir_destination_counts *counts = bpf_map_lookup_elem(&weir_dst_counts, &slot);

	if (counts)
		count_add(passes ? &counts->passed : &counts->dropped, p->bytes);
}

/* Fails closed: a packet that cannot be counted is dropped. */
static __always_inline int conclude(struct xdp_md *ctx, const struct weir_packet *p, __u32 reason)
{
	bool passes = weir_reason_passes(reason);
	__u32 key = 0;
	struct weir_counts *counts = bpf_map_lookup_elem(&weir_counts, &key);
	__u64 index = reason;

	/* One register for the test and the use: Linux 6.1 knows the bound of no other. */
	barrier_var(index);
	if (!counts || index >= WEIR_REASONS_END)
		return XDP_DROP;
	count_add((struct weir_count *)counts + index, p->bytes);
	if (p->has_slot)
		count_destination(p, passes);
	show(ctx, p, reason);
	return passes ? XDP_PASS : XDP_DROP;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 3: is the source listed?
 *
 * One lookup answers for almost every packet (the drawing is in weir/deny.h). The allowlist is
 * already cut out of the base denylist; what is left to ask of it is only about live bans.
 * Fails closed: a lookup that must succeed and does not drops the packet.
 */
#ifndef WEIR_BPF_DENY_H
#define WEIR_BPF_DENY_H

#include <bpf/bpf_endian.h>

#include "gate_maps.h"
#include "packet.h"
#include "policy_maps.h"
#include "ranges.h"

/*
 * Does an unexpired live entry of this kind hold the host-order address, at any length? Global,
 * so that the kernel verifies its loop once, not once for each path that leads here.
 */
__noinline bool live_has(__u32 kind, __u64 lengths, __u32 address)
{
	for (__u32 i = 0; i <= 32; i++) {
		__u32 length = 32 - i; /* most bans are of single addresses */
		struct weir_live_key key = {.kind = kind, .length = length};
		const struct weir_live_entry *entry;

		if (!(lengths >> length & 1))
			continue;
		key.prefix = bpf_htonl(length ? address & ~0U << (32 - length) : 0);
		entry = bpf_map_lookup_elem(&weir_live, &key);
		if (entry && (!entry->until_ns || entry->until_ns > bpf_ktime_get_coarse_ns()))
			return true;
	}
	return false;
}

/* The verdict of the overlay, where it may have one. `is_listed` is what the base says. */
static __always_inline __u32 deny_live(struct weir_packet *p, __u32 source, bool is_listed)
{
	__u32 area = weir_area_of(source);
	const struct weir_live_lengths *lengths = bpf_map_lookup_elem(&weir_live_lens, &area);

	if (!lengths)
		return WEIR_DROP_MAP;
	if (lengths->releases && live_has(WEIR_LIVE_RELEASE, lengths->releases, source))
		return WEIR_UNDECIDED;
	if (is_listed)
		return WEIR_DROP_DENIED;
	if (!lengths->bans || !live_has(WEIR_LIVE_BAN, lengths->bans, source))
		return WEIR_UNDECIDED;
	return allow_has(p->half, p->policy->allow_ranges_count, source) ? WEIR_UNDECIDED
									 : WEIR_DROP_BANNED;
}

/* A /20 of which something is listed: WEIR_DROP_DENIED, WEIR_UNDECIDED, or that a map failed. */
static __always_inline __u32 deny_base(const struct weir_packet *p, __u64 listed, __u32 source)
{
	__u32 area = p->half * WEIR_AREAS + weir_area_of(source), index = area / WEIR_RANKS_AREAS;
	const struct weir_ranks *ranks = bpf_map_lookup_elem(&weir_ranks, &index);
	const struct weir_block *block;
	const struct weir_cell *at;
	struct weir_cell cell;
	__u32 spread;

	if (!ranks)
		return WEIR_DROP_MAP;
	index = p->half * WEIR_CELLS + ranks->first[area % WEIR_RANKS_AREAS] +
		weir_cell_of(listed, source);
	at = bpf_map_lookup_elem(&weir_cells, &index);
	if (!at)
		return WEIR_DROP_MAP;
	cell = *at;
	spread = weir_cell_spread(cell, source);
	if (spread == WEIR_NOTHING)
		return WEIR_UNDECIDED;
	if (spread == WEIR_WHOLE)
		return WEIR_DROP_DENIED;
	index = weir_block_of(cell, source);
	block = bpf_map_lookup_elem(&weir_blocks, &index);
	if (!block)
		return WEIR_DROP_MAP;
	return weir_block_has(*block, spread, source) ? WEIR_DROP_DENIED : WEIR_UNDECIDED;
}

/* May a live entry touch the source's /24? Of a /20 that one touches. Fails closed: it may. */
static __always_inline bool live_touches(__u32 source)
{
	__u32 group = weir_group_of(source);
	const __u64 *bits = bpf_map_lookup_elem(&weir_live_bits, &group);

	return !bits || *(const volatile __u64 *)bits & weir_network_bit(source);
}

static __always_inline __u32 deny(struct weir_packet *p)
{
	__u32 source = bpf_ntohl(p->source), reason = WEIR_UNDECIDED;
	__u32 key = p->half * WEIR_AREAS + weir_area_of(source);
	const struct weir_area *area = bpf_map_lookup_elem(&weir_areas, &key);
	__u64 bit = weir_area_bit(source), listed, live;

	if (!area)
		return WEIR_DROP_MAP;
	listed = area->listed;
	live = area->live;
	if (!((listed | live) & bit))
		return WEIR_UNDECIDED;
	if (listed & bit)
		reason = deny_base(p, listed, source);
	if (!(live & bit) || reason == WEIR_DROP_MAP || !live_touches(source))
		return reason;
	return deny_live(p, source, reason == WEIR_DROP_DENIED);
}

#endif

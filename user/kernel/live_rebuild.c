/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Overlay -> the lengths and the live bits of a half that lead packets to it, exactly.
 *
 * Between applies both only grow: an entry that goes leaves its bits, which cost a packet a lookup
 * in vain. Here they are made anew from every entry that there is.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "kernel/live.h"
#include "kernel/overlay.h"

/* What the overlay leads to: lengths by area and kind, bits by group. */
struct index {
	struct weir_live_lengths lengths[WEIR_AREAS];
	__u64 live[WEIR_GROUPS];
};

static int add_to_index(void *context, const struct weir_overlay_entry *entry)
{
	struct index *index = context;
	__u32 network = entry->prefix.address >> 8, last = weir_prefix_last(entry->prefix) >> 8;

	for (; network <= last; network++) {
		struct weir_live_lengths *lengths = &index->lengths[weir_area_of(network << 8)];

		*(entry->kind == WEIR_LIVE_BAN ? &lengths->bans
					       : &lengths->releases) |= 1ULL
									<< entry->prefix.length;
		index->live[network / 64] |= 1ULL << network % 64;
	}
	return 0;
}

int weir_live_rebuild(const struct weir_maps *maps, __u32 half)
{
	_cleanup_free_ struct index *index = calloc(1, sizeof(*index));
	int r;

	if (!index)
		return -ENOMEM;
	r = weir_overlay_visit(maps, add_to_index, index);
	if (r)
		return r;
	/* Packets read them meanwhile: what goes led to nothing, and what stays is in its word. */
	for (__u32 i = 0; i < WEIR_GROUPS; i++)
		__atomic_store_n(&weir_maps_live_bits(maps)[i], index->live[i], __ATOMIC_RELAXED);
	for (__u32 area = 0; area < WEIR_AREAS; area++) {
		__u64 live = 0;

		for (__u32 i = area * 16; i < area * 16 + 16; i++)
			live |= weir_area_bits(i, index->live[i]);
		weir_maps_areas(maps, half)[area].live = live;
		__atomic_store_n(weir_maps_live_lengths(maps, area, WEIR_LIVE_BAN),
				 index->lengths[area].bans, __ATOMIC_RELAXED);
		__atomic_store_n(weir_maps_live_lengths(maps, area, WEIR_LIVE_RELEASE),
				 index->lengths[area].releases, __ATOMIC_RELAXED);
	}
	return 0;
}

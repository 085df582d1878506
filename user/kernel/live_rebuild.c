/* SPDX-License-Identifier: GPL-2.0-only */
/* Overlay -> the lengths and the live bits of a half that lead packets to it, exactly. */
#include <errno.h>

#include "base/cleanup.h"
#include "kernel/live.h"
#include "kernel/overlay.h"

/* What the overlay leads to: lengths by kind (BAN, RELEASE), bits by group. */
struct index {
	__u64 lengths[3];
	__u64 live[WEIR_GROUPS];
};

static int add_to_index(void *context, const struct weir_overlay_entry *entry)
{
	struct index *index = context;
	__u32 network = entry->prefix.address >> 8, last = weir_prefix_last(entry->prefix) >> 8;

	if (entry->kind < 3)
		index->lengths[entry->kind] |= 1ULL << entry->prefix.length;
	for (; network <= last; network++)
		index->live[network / 64] |= 1ULL << network % 64;
	return 0;
}

int weir_live_rebuild(const struct weir_maps *maps, __u32 half)
{
	_cleanup_free_ struct index *index = calloc(1, sizeof(*index));
	struct weir_control *control = weir_maps_control(maps);
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
	}
	__atomic_store_n(&control->ban_lengths, index->lengths[WEIR_LIVE_BAN], __ATOMIC_SEQ_CST);
	__atomic_store_n(&control->release_lengths, index->lengths[WEIR_LIVE_RELEASE],
			 __ATOMIC_SEQ_CST);
	return 0;
}

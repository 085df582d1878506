/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is an address in one of a map's sorted ranges? Only for rare questions: CDN ports, and banned
 * sources that the allowlist may name.
 */
#ifndef WEIR_BPF_RANGES_H
#define WEIR_BPF_RANGES_H

#include "gate_maps.h"

#define RANGES_STEPS 17 /* halvings of WEIR_ALLOW_RANGES_MAX ranges until none is left */

_Static_assert(WEIR_ALLOW_RANGES_MAX < 1 << RANGES_STEPS, "a search must end");
_Static_assert(WEIR_CDN_RANGES_MAX < 1 << RANGES_STEPS, "a search must end");

/*
 * Binary search in map[first] to map[first + count - 1] for a host-order address. A lookup that
 * fails counts as not found: the caller then drops, which is the closed direction.
 */
static __always_inline bool ranges_have(void *map, __u32 first, __u32 count, __u32 address)
{
	__u32 low = 0, high = count;

	for (int i = 0; i < RANGES_STEPS && low < high; i++) {
		__u32 middle = low + (high - low) / 2;
		__u32 key = first + middle;
		const struct weir_range *range = bpf_map_lookup_elem(map, &key);

		if (!range)
			return false;
		if (address < range->low)
			high = middle;
		else if (address > range->high)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

/* Global functions, so that the kernel verifies each search once. */
__noinline bool cdn_has(__u32 half, __u32 count, __u32 address)
{
	return ranges_have(&weir_cdn, half * WEIR_CDN_RANGES_MAX, count, address);
}

__noinline bool allow_has(__u32 half, __u32 count, __u32 address)
{
	return ranges_have(&weir_allow, half * WEIR_ALLOW_RANGES_MAX, count, address);
}

#endif

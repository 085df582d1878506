/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many addresses one set has and another has not: two sets of ranges, or two denylists.
 *
 * Denylists are compared a /24 at a time, as four words of one bit an address, whichever way each
 * of them holds the /24. Groups that are equal word by word are passed over, so that two lists of
 * a million entries that differ in one take milliseconds.
 */
#include <string.h>

#include "plan/diff.h"

static const struct weir_block whole = {{~0ULL, ~0ULL, ~0ULL, ~0ULL}};
static const struct weir_block empty;

static __u64 addresses_of(const struct weir_range *ranges, size_t count)
{
	__u64 sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (__u64)ranges[i].high - ranges[i].low + 1;
	return sum;
}

/* Addresses in both. One walk along the two. */
static __u64 addresses_shared(const struct weir_range *a, size_t a_count,
			      const struct weir_range *b, size_t b_count)
{
	__u64 sum = 0;

	for (size_t i = 0, j = 0; i < a_count && j < b_count;) {
		__u32 low = a[i].low > b[j].low ? a[i].low : b[j].low;
		__u32 high = a[i].high < b[j].high ? a[i].high : b[j].high;

		if (low <= high)
			sum += (__u64)high - low + 1;
		if (a[i].high < b[j].high)
			i++;
		else
			j++;
	}
	return sum;
}

struct weir_moved weir_moved_ranges(const struct weir_range *live, size_t live_count,
				    const struct weir_range *wanted, size_t wanted_count)
{
	__u64 shared = addresses_shared(live, live_count, wanted, wanted_count);

	return (struct weir_moved){
		.added = addresses_of(wanted, wanted_count) - shared,
		.removed = addresses_of(live, live_count) - shared,
	};
}

/* The 256 bits of one /24. A rank beyond the blocks, which only a torn read has, is empty. */
static const struct weir_block *block_at(const struct weir_rank *rank, __u32 group, __u64 bit)
{
	const struct weir_group *found = &rank->groups[group];
	__u32 block;

	if (found->all & bit)
		return &whole;
	if (!(found->mixed & bit))
		return &empty;
	block = weir_block_of(found, bit);
	return block < rank->blocks_count ? &rank->blocks[block] : &empty;
}

/* Are the two groups the same, blocks and all? False when in doubt. */
static bool is_same_group(const struct weir_rank *live, const struct weir_rank *wanted, __u32 group)
{
	const struct weir_group *a = &live->groups[group], *b = &wanted->groups[group];
	size_t blocks = __builtin_popcountll(a->mixed);

	if (a->all != b->all || a->mixed != b->mixed)
		return false;
	if (!blocks)
		return true;
	if (a->rank + blocks > live->blocks_count || b->rank + blocks > wanted->blocks_count)
		return false;
	return memcmp(&live->blocks[a->rank], &wanted->blocks[b->rank],
		      blocks * sizeof(struct weir_block)) == 0;
}

static void add_group(const struct weir_rank *live, const struct weir_rank *wanted, __u32 group,
		      struct weir_moved *moved)
{
	__u64 used = live->groups[group].all | live->groups[group].mixed |
		     wanted->groups[group].all | wanted->groups[group].mixed;

	for (; used; used &= used - 1) {
		const struct weir_block *a = block_at(live, group, used & -used);
		const struct weir_block *b = block_at(wanted, group, used & -used);

		for (int i = 0; i < 4; i++) {
			moved->added += __builtin_popcountll(b->bits[i] & ~a->bits[i]);
			moved->removed += __builtin_popcountll(a->bits[i] & ~b->bits[i]);
		}
	}
}

struct weir_moved weir_moved_rank(const struct weir_rank *live, const struct weir_rank *wanted)
{
	struct weir_moved moved = {};

	if (!live)
		return (struct weir_moved){.added = wanted->denied_addresses};
	for (__u32 group = 0; group < WEIR_GROUPS; group++)
		if (!is_same_group(live, wanted, group))
			add_group(live, wanted, group, &moved);
	return moved;
}

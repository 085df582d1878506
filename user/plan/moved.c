/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many addresses one set has and another has not: two sets of ranges, or two denylists.
 *
 * Denylists are compared a /24 at a time, as four words of one bit an address, whichever way each
 * of them holds the /24. Cells that are equal word by word are passed over, so that two lists of
 * a million entries that differ in one take milliseconds.
 */
#include <string.h>

#include "plan/diff.h"

/* A /24, one bit an address. */
struct bits {
	__u64 word[WEIR_MANY_BLOCKS];
};

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

static struct bits few_bits(struct weir_block block)
{
	struct bits bits = {};

	for (int i = 0; i < WEIR_FEW_MAX; i++, block.word >>= 8)
		bits.word[block.word >> 6 & 3] |= 1ULL << (block.word & 63);
	return bits;
}

/* The bits of one /24. Blocks that are not there, which only a torn read has, are empty. */
static struct bits bits_at(const struct weir_rank *rank, struct weir_cell cell, __u32 address)
{
	enum weir_spread spread = weir_cell_spread(cell, address);
	__u64 block = weir_block_of(cell, address);
	struct bits bits = {};

	if (spread == WEIR_WHOLE)
		memset(&bits, 0xff, sizeof(bits));
	else if (spread == WEIR_FEW && block < rank->blocks_count)
		bits = few_bits(rank->blocks[block]);
	else if (spread == WEIR_MANY && block + WEIR_MANY_BLOCKS <= rank->blocks_count)
		memcpy(&bits, &rank->blocks[block], sizeof(bits));
	return bits;
}

/* Are the two cells the same, blocks and all? False when in doubt. */
static bool is_same_cell(const struct weir_rank *live, struct weir_cell a,
			 const struct weir_rank *wanted, struct weir_cell b)
{
	size_t blocks = weir_cell_blocks(a, 16);

	if (a.low != b.low || a.high != b.high)
		return false;
	if (!blocks)
		return true;
	if (a.rank + blocks > live->blocks_count || b.rank + blocks > wanted->blocks_count)
		return false;
	return memcmp(&live->blocks[a.rank], &wanted->blocks[b.rank],
		      blocks * sizeof(struct weir_block)) == 0;
}

/* What differs in the /20 that begins at `address`. */
static void add_cell(const struct weir_rank *live, const struct weir_rank *wanted, __u32 address,
		     struct weir_moved *moved)
{
	struct weir_cell a = weir_rank_cell(live, address), b = weir_rank_cell(wanted, address);

	if (is_same_cell(live, a, wanted, b))
		return;
	for (int i = 0; i < 16; i++, address += 256) {
		struct bits was = bits_at(live, a, address), is = bits_at(wanted, b, address);

		for (int j = 0; j < WEIR_MANY_BLOCKS; j++) {
			moved->added += __builtin_popcountll(is.word[j] & ~was.word[j]);
			moved->removed += __builtin_popcountll(was.word[j] & ~is.word[j]);
		}
	}
}

struct weir_moved weir_moved_rank(const struct weir_rank *live, const struct weir_rank *wanted)
{
	struct weir_moved moved = {};

	if (!live)
		return (struct weir_moved){.added = wanted->denied_addresses};
	for (__u32 area = 0; area < WEIR_AREAS; area++) {
		__u64 used = live->areas[area].listed | wanted->areas[area].listed;

		for (; used; used &= used - 1)
			add_cell(live, wanted, area << 18 | __builtin_ctzll(used) << 12, &moved);
	}
	return moved;
}

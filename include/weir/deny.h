/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The denylist: a flat bitmap of the IPv4 space, compressed by rank, twice.
 *
 *   source address   | 14 bits: area | 6: /20 in the area | 4: /24 in the /20 | 8: host |
 *
 *   weir_areas[half * WEIR_AREAS + area]         64 /20 networks in 16 bytes
 *     listed bit n: some of it is on the base denylist; it has a cell
 *     live   bit n: a live ban may touch it
 *   weir_ranks[...].first[...]                   a __u32 an area, its first cell: index from
 *                                                half * WEIR_CELLS
 *
 *   weir_cells[half * WEIR_CELLS + rank + listed bits below n]    a /20 in 8 bytes
 *     two bits a /24: nothing of it is listed, the whole, a few addresses, many
 *     rank   index in weir_blocks of the cell's first block
 *
 *   weir_blocks[rank + blocks of the /24s below it]
 *     a few  one block: up to eight host numbers, a byte each, the last one repeated
 *     many   four blocks: a bit an address
 *
 *   weir_live_bits[group]                        64 /24 networks: a live ban may touch it
 *   weir_live_lens[area]                         the lengths of live bans that may touch it
 *
 * An unlisted source costs one cache line of the areas, all of which fit a core's own cache, and
 * seldom more. What a listed one reads is as small as it can be, because a miss of the last cache
 * costs more than the whole program: a million entries take 4 MB of cells and blocks.
 * `listed`, ranks, cells and blocks belong to the generation and are written while its half is
 * inactive; `live` is kept in both halves by whoever adds a ban, and outlives generations, as the
 * live bits do, which both halves share.
 *
 * The overlay, weir_live, is a hash of {kind, length, prefix} -> expiry for what an operator
 * adds under attack. Entry first, then lengths, then the live bits, those of the area last: a
 * packet that sees a bit finds the entry. A bit without an entry only costs a lookup.
 */
#ifndef WEIR_DENY_H
#define WEIR_DENY_H

#include <linux/types.h>

#include "weir/limits.h"

struct weir_area {
	__u64 listed;
	__u64 live;
};

/* One cache line; of a map, which holds nothing smaller than 8 bytes. */
struct weir_ranks {
	__u32 first[WEIR_RANKS_AREAS];
};

/* Bit n of `low` and of `high`: what of the /24 number n is listed, an enum weir_spread. */
struct weir_cell {
	__u16 low, high;
	__u32 rank;
};

enum weir_spread { WEIR_NOTHING, WEIR_WHOLE, WEIR_FEW, WEIR_MANY };

struct weir_block {
	__u64 word;
};

enum { WEIR_FEW_MAX = 8, WEIR_MANY_BLOCKS = 4 };

/* Is a __u32 for the sake of bpftool: an enum as a map key makes the kernel refuse the BTF. */
#define WEIR_LIVE_BAN     1u
#define WEIR_LIVE_RELEASE 2u

struct weir_live_key {
	__u32 kind;    /* WEIR_LIVE_* */
	__u32 length;  /* 0 to 32 */
	__be32 prefix; /* host bits are 0 */
};

struct weir_live_entry {
	__u64 until_ns; /* CLOCK_MONOTONIC; 0: no end */
};

/* Of one area. Bit n: a live ban, or release, of length /n may touch it. */
struct weir_live_lengths {
	__u64 bans, releases;
};

/* Host order address -> where it is looked up. */
static inline __u32 weir_area_of(__u32 address)
{
	return address >> 18;
}

static inline __u64 weir_area_bit(__u32 address)
{
	return 1ULL << (address >> 12 & 63);
}

/* A word of the live bits, and the bit of a /24 in it. */
static inline __u32 weir_group_of(__u32 address)
{
	return address >> 14;
}

static inline __u64 weir_network_bit(__u32 address)
{
	return 1ULL << (address >> 8 & 63);
}

/*
 * What a word of the live bits, a bit a /24, is in its area: a bit for each of its four /20
 * networks, in place. The first of the group's /24 networks is `group` * 64.
 */
static inline __u64 weir_area_bits(__u32 group, __u64 any)
{
	__u64 bits = 0;
	int i;

	for (i = 0; i < 4; i++)
		if (any >> (i * 16) & 0xffff)
			bits |= 1ULL << ((group & 15) * 4 + i);
	return bits;
}

/* Bits set in x. Written out: BPF has no such instruction. */
static inline __u32 weir_popcount(__u64 x)
{
	x -= x >> 1 & 0x5555555555555555ULL;
	x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (x * 0x0101010101010101ULL) >> 56;
}

/* The cell of a listed /20: index from the area's first one. */
static inline __u32 weir_cell_of(__u64 listed, __u32 address)
{
	return weir_popcount(listed & (weir_area_bit(address) - 1));
}

static inline enum weir_spread weir_cell_spread(struct weir_cell cell, __u32 address)
{
	__u32 network = address >> 8 & 15;

	return (enum weir_spread)((cell.high >> network & 1) << 1 | (cell.low >> network & 1));
}

/* Blocks of the cell's first `networks` /24s, 0 to 16. */
static inline __u32 weir_cell_blocks(struct weir_cell cell, __u32 networks)
{
	__u64 has = cell.high & ((1u << networks) - 1), many = has & cell.low;

	/* One for each that has blocks and three more for many, counted side by side at once. */
	return weir_popcount(has | many << 16 | many << 32 | many << 48);
}

/* The block to ask about an address of a /24 with few or many: index in weir_blocks. */
static inline __u32 weir_block_of(struct weir_cell cell, __u32 address)
{
	__u32 first = cell.rank + weir_cell_blocks(cell, address >> 8 & 15);

	return weir_cell_spread(cell, address) == WEIR_MANY ? first + (address >> 6 & 3) : first;
}

/* Does that block list it? */
static inline int weir_block_has(struct weir_block block, enum weir_spread spread, __u32 address)
{
	__u64 other;

	if (spread == WEIR_MANY)
		return block.word >> (address & 63) & 1;
	/* A byte that is the host's becomes 0: found as in "Hacker's Delight", 6-1. */
	other = block.word ^ (address & 255) * 0x0101010101010101ULL;
	return ((other - 0x0101010101010101ULL) & ~other & 0x8080808080808080ULL) != 0;
}

#endif

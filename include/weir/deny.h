/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The denylist: a flat bitmap of the IPv4 space, compressed by rank.
 *
 *   source address   | 14 bits: area | 6: /20 in the area | 12 |
 *                    | 18 bits: group | 6: /24 in the group | 8: host |
 *
 *   weir_areas[half * WEIR_AREAS + area]         64 /20 networks in 16 bytes
 *     listed bit n: some of it is on the base denylist
 *     live   bit n: a live ban may touch it
 *
 *   weir_groups[half * WEIR_GROUPS + group]      64 /24 networks in 32 bytes, half a cache line
 *     all    bit n: the whole /24 is listed
 *     mixed  bit n: some of it is; its block is blocks[rank + mixed bits below n]
 *     live   bit n: a live ban may touch it; only then is the overlay looked up
 *     rank   index in weir_blocks of the group's first block
 *
 * An unlisted source costs one cache line of the areas, all of which fit a core's own cache, and
 * seldom one of the groups, whatever the lists hold and whether or not there are live bans.
 * `listed`, `all`, `mixed` and `rank` belong to the generation and are written while its half is
 * inactive; `live` is kept in both halves by whoever adds a ban, and outlives generations.
 *
 * The overlay, weir_live, is a hash of {kind, length, prefix} -> expiry for what an operator
 * adds under attack. Entry first, then lengths, then the live bits, those of the area last: a
 * packet that sees a bit finds the entry. A bit without an entry only costs a lookup.
 */
#ifndef WEIR_DENY_H
#define WEIR_DENY_H

#include <linux/types.h>

struct weir_area {
	__u64 listed;
	__u64 live;
};

struct weir_group {
	__u64 all;
	__u64 mixed;
	__u64 live;
	__u32 rank;
	__u32 reserved;
};

/* One bit per address of a /24. */
struct weir_block {
	__u64 bits[4];
};

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

/* Host order address -> where it is looked up. */
static inline __u32 weir_area_of(__u32 address)
{
	return address >> 18;
}

static inline __u64 weir_area_bit(__u32 address)
{
	return 1ULL << (address >> 12 & 63);
}

static inline __u32 weir_group_of(__u32 address)
{
	return address >> 14;
}

static inline __u64 weir_network_bit(__u32 address)
{
	return 1ULL << (address >> 8 & 63);
}

/*
 * What a group's word `any`, a bit a /24, is in its area: a bit for each of its four /20 networks,
 * in place. The first of the group's /24 networks is `group` * 64.
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

/* The block of a /24 that the group calls mixed: index in weir_blocks. */
static inline __u32 weir_block_of(const struct weir_group *group, __u64 network_bit)
{
	return group->rank + weir_popcount(group->mixed & (network_bit - 1));
}

static inline int weir_block_has(const struct weir_block *block, __u32 address)
{
	return block->bits[address >> 6 & 3] >> (address & 63) & 1;
}

#endif

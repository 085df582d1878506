/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The base denylist: sorted ranges in, the rank-compressed bitmap of weir/deny.h out.
 *
 *   denied   |------------|     |--|
 *   allowed       |---|
 *   listed   |---|     |--|     |--|      each piece sets bits from left to right
 *
 * The pieces come in order of address, so blocks are appended in the very order in which the
 * ranks count them, and one pass over the groups at the end writes the ranks. Blocks grow by
 * doubling: at most two a piece, and never more than 2^24.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/plan.h"

enum { HOSTS = 256, BLOCKS_FIRST = 1024 };

struct builder {
	struct weir_rank rank;
	size_t blocks_room;
	__u64 last_network; /* /24 of the last block; none before the first */
};

#define NO_NETWORK (1ULL << 32)

/* The block of a /24, which is the last one or comes after it. NULL: no memory. */
static struct weir_block *block_for(struct builder *builder, __u32 network)
{
	struct weir_rank *rank = &builder->rank;

	if (builder->last_network == network)
		return &rank->blocks[rank->blocks_count - 1];

	if (rank->blocks_count == builder->blocks_room) {
		size_t room = builder->blocks_room ? builder->blocks_room * 2 : BLOCKS_FIRST;
		struct weir_block *blocks = realloc(rank->blocks, room * sizeof(*blocks));

		if (!blocks)
			return NULL;
		rank->blocks = blocks;
		builder->blocks_room = room;
	}
	rank->groups[weir_group_of(network << 8)].mixed |= weir_network_bit(network << 8);
	builder->last_network = network;
	rank->blocks[rank->blocks_count] = (struct weir_block){};
	return &rank->blocks[rank->blocks_count++];
}

/* Set the bits low to high (0 to 255, both included), a word at a time. */
static void set_bits(struct weir_block *block, unsigned int low, unsigned int high)
{
	for (unsigned int word = low / 64; word <= high / 64; word++) {
		unsigned int first = word == low / 64 ? low % 64 : 0;
		unsigned int last = word == high / 64 ? high % 64 : 63;

		block->bits[word] |= (~0ULL >> (63 - last)) & (~0ULL << first);
	}
}

/* Whole /24 networks from `first` to `last`, both included. */
static void set_networks(struct weir_group *groups, __u32 first, __u32 last)
{
	for (__u32 group = first / 64; group <= last / 64; group++) {
		unsigned int low = group == first / 64 ? first % 64 : 0;
		unsigned int high = group == last / 64 ? last % 64 : 63;

		groups[group].all |= (~0ULL >> (63 - high)) & (~0ULL << low);
	}
}

static int set_hosts(struct builder *builder, __u32 network, unsigned int low, unsigned int high)
{
	struct weir_block *block = block_for(builder, network);

	if (!block)
		return -ENOMEM;
	set_bits(block, low, high);
	return 0;
}

/* List every address from low to high: a part of a /24, whole ones, a part of another. */
static int set_piece(struct builder *builder, __u32 low, __u32 high)
{
	__u32 first = low >> 8, last = high >> 8;
	bool is_head_whole = low % HOSTS == 0, is_tail_whole = high % HOSTS == HOSTS - 1;
	int r = 0;

	builder->rank.denied_addresses += (__u64)high - low + 1;
	if (first == last && !(is_head_whole && is_tail_whole))
		return set_hosts(builder, first, low % HOSTS, high % HOSTS);

	if (!is_head_whole)
		r = set_hosts(builder, first++, low % HOSTS, HOSTS - 1);
	/* Whole ones are first..last, less the tail; none where first passed it: no underflow. */
	if (is_tail_whole)
		set_networks(builder->rank.groups, first, last);
	else if (first < last)
		set_networks(builder->rank.groups, first, last - 1);
	if (!r && !is_tail_whole)
		r = set_hosts(builder, last, 0, high % HOSTS);
	return r;
}

/*
 * List what is left of one denied range without the allowed ones. `*next` is the first allowed
 * range that may still matter: it moves on with the denied ranges, so that all of this is one
 * walk along both.
 */
static int set_difference(struct builder *builder, struct weir_range denied,
			  const struct weir_range *allowed, size_t allowed_count, size_t *next)
{
	__u64 low = denied.low;

	while (*next < allowed_count && allowed[*next].high < low)
		++*next;

	for (size_t i = *next; low <= denied.high; i++) {
		bool is_cut = i < allowed_count && allowed[i].low <= denied.high;
		__u64 end = is_cut ? allowed[i].low : (__u64)denied.high + 1;

		if (low < end) {
			int r = set_piece(builder, low, end - 1);

			if (r)
				return r;
		}
		if (!is_cut)
			break;
		low = (__u64)allowed[i].high + 1;
	}
	return 0;
}

static void number_blocks(struct weir_group *groups)
{
	__u32 rank = 0;

	for (size_t i = 0; i < WEIR_GROUPS; i++) {
		groups[i].rank = rank;
		rank += __builtin_popcountll(groups[i].mixed);
	}
}

static void builder_done(struct builder *builder)
{
	weir_rank_done(&builder->rank);
}

int weir_rank_build(const struct weir_range *denied, size_t denied_count,
		    const struct weir_range *allowed, size_t allowed_count,
		    struct weir_rank *ret_rank)
{
	_cleanup_(builder_done) struct builder builder = {.last_network = NO_NETWORK};
	size_t next = 0;

	builder.rank.groups = calloc(WEIR_GROUPS, sizeof(*builder.rank.groups));
	if (!builder.rank.groups)
		return -ENOMEM;

	for (size_t i = 0; i < denied_count; i++) {
		int r = set_difference(&builder, denied[i], allowed, allowed_count, &next);

		if (r)
			return r;
	}
	number_blocks(builder.rank.groups);
	*ret_rank = builder.rank;
	builder.rank = (struct weir_rank){};
	return 0;
}

void weir_rank_done(struct weir_rank *rank)
{
	free(rank->groups);
	free(rank->blocks);
	*rank = (struct weir_rank){};
}

bool weir_rank_has(const struct weir_rank *rank, __u32 address)
{
	const struct weir_group *group = &rank->groups[weir_group_of(address)];
	__u64 bit = weir_network_bit(address);
	__u32 block;

	if (group->all & bit)
		return true;
	if (!(group->mixed & bit))
		return false;
	block = weir_block_of(group, bit);
	return block < rank->blocks_count && weir_block_has(&rank->blocks[block], address);
}

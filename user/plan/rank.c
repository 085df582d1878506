/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The base denylist: sorted ranges in, the rank-compressed bitmap of weir/deny.h out.
 *
 *   denied   |------------|     |--|
 *   allowed       |---|
 *   listed   |---|     |--|     |--|      each piece sets bits from left to right
 *
 * The pieces come in order of address: they fill a bitmap of one /20, which becomes a cell and
 * its blocks when a piece of the next one comes, in the very order in which the ranks count them.
 */
#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "plan/plan.h"

enum { NETWORKS = 16, WORDS = 4, HOSTS = 256 };

struct builder {
	struct weir_rank rank;
	__u64 bits[NETWORKS * WORDS]; /* of one /20 */
	__u32 cell;                   /* which one */
	bool is_used;                 /* some bit is set */
};

static enum weir_spread spread_of(const __u64 *bits)
{
	int count = 0;

	for (int i = 0; i < WORDS; i++)
		count += __builtin_popcountll(bits[i]);
	if (count > WEIR_FEW_MAX)
		return count == HOSTS ? WEIR_WHOLE : WEIR_MANY;
	return count ? WEIR_FEW : WEIR_NOTHING;
}

/* Up to eight host numbers; what is left over repeats the last one. */
static struct weir_block few_of(const __u64 *bits)
{
	struct weir_block block = {};
	__u64 host = 0;
	int at = 0;

	for (int i = 0; i < WORDS; i++)
		for (__u64 rest = bits[i]; rest; rest &= rest - 1) {
			host = i * 64 + __builtin_ctzll(rest);
			block.word |= host << (at++ * 8);
		}
	for (; at < WEIR_FEW_MAX; at++)
		block.word |= host << (at * 8);
	return block;
}

static int add_block(struct weir_rank *rank, struct weir_block block)
{
	struct weir_block *added = weir_array_add(&rank->blocks, &rank->blocks_count);

	if (!added)
		return -ENOMEM;
	*added = block;
	return 0;
}

/* Write a /24 into the cell, and what blocks it needs behind the others. */
static int put_network(struct weir_rank *rank, struct weir_cell *cell, int network,
		       const __u64 *bits)
{
	enum weir_spread spread = spread_of(bits);
	int r = 0;

	cell->low |= (spread & 1) << network;
	cell->high |= (spread >> 1) << network;
	if (spread == WEIR_FEW)
		return add_block(rank, few_of(bits));
	for (int i = 0; !r && spread == WEIR_MANY && i < WORDS; i++)
		r = add_block(rank, (struct weir_block){bits[i]});
	return r;
}

/* The /20 at hand becomes a cell, and there is none at hand. */
static int finish_cell(struct builder *builder)
{
	struct weir_rank *rank = &builder->rank;
	struct weir_cell cell = {.rank = rank->blocks_count}, *added;
	int r = 0;

	if (!builder->is_used)
		return 0;
	for (int i = 0; !r && i < NETWORKS; i++)
		r = put_network(rank, &cell, i, &builder->bits[i * WORDS]);
	added = r ? NULL : weir_array_add(&rank->cells, &rank->cells_count);
	if (!added)
		return -ENOMEM;
	*added = cell;
	rank->areas[builder->cell / 64].listed |= 1ULL << builder->cell % 64;
	memset(builder->bits, 0, sizeof(builder->bits));
	builder->is_used = false;
	return 0;
}

/* Set the bits low to high (both included, of one /20), a word at a time. */
static void set_bits(__u64 *bits, unsigned int low, unsigned int high)
{
	for (unsigned int word = low / 64; word <= high / 64; word++) {
		unsigned int first = word == low / 64 ? low % 64 : 0;
		unsigned int last = word == high / 64 ? high % 64 : 63;

		bits[word] |= (~0ULL >> (63 - last)) & (~0ULL << first);
	}
}

/* List every address from low to high, a /20 at a time. */
static int set_piece(struct builder *builder, __u32 low, __u32 high)
{
	builder->rank.denied_addresses += (__u64)high - low + 1;
	for (__u32 cell = low >> 12; cell <= high >> 12; cell++) {
		int r = cell == builder->cell ? 0 : finish_cell(builder);

		if (r)
			return r;
		builder->cell = cell;
		builder->is_used = true;
		set_bits(builder->bits, cell == low >> 12 ? low & 4095 : 0,
			 cell == high >> 12 ? high & 4095 : 4095);
	}
	return 0;
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

static void number_cells(struct weir_rank *rank)
{
	__u32 count = 0;

	for (size_t i = 0; i < WEIR_AREAS; i++) {
		rank->ranks[i] = count;
		count += __builtin_popcountll(rank->areas[i].listed);
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
	_cleanup_(builder_done) struct builder builder = {};
	size_t next = 0;
	int r = 0;

	builder.rank.areas = calloc(WEIR_AREAS, sizeof(*builder.rank.areas));
	builder.rank.ranks = calloc(WEIR_AREAS, sizeof(*builder.rank.ranks));
	if (!builder.rank.areas || !builder.rank.ranks)
		return -ENOMEM;

	for (size_t i = 0; !r && i < denied_count; i++)
		r = set_difference(&builder, denied[i], allowed, allowed_count, &next);
	r = r ?: finish_cell(&builder);
	if (r)
		return r;
	number_cells(&builder.rank);
	*ret_rank = builder.rank;
	builder.rank = (struct weir_rank){};
	return 0;
}

void weir_rank_done(struct weir_rank *rank)
{
	free(rank->areas);
	free(rank->ranks);
	free(rank->cells);
	free(rank->blocks);
	*rank = (struct weir_rank){};
}

struct weir_cell weir_rank_cell(const struct weir_rank *rank, __u32 address)
{
	__u64 listed = rank->areas[weir_area_of(address)].listed;
	__u32 cell = rank->ranks[weir_area_of(address)] + weir_cell_of(listed, address);

	return listed & weir_area_bit(address) && cell < rank->cells_count ? rank->cells[cell]
									   : (struct weir_cell){};
}

bool weir_rank_has(const struct weir_rank *rank, __u32 address)
{
	struct weir_cell cell = weir_rank_cell(rank, address);
	enum weir_spread spread = weir_cell_spread(cell, address);
	__u32 block = weir_block_of(cell, address);

	if (spread == WEIR_NOTHING || spread == WEIR_WHOLE)
		return spread == WEIR_WHOLE;
	return block < rank->blocks_count && weir_block_has(rank->blocks[block], spread, address);
}

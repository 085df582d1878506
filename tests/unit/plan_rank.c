/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rank bitmap against a model that cannot be wrong: one bit for each of the 2^32
 * addresses, set one range after the other.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/ranges.h"
#include "listgen.h"
#include "plan/plan.h"
#include "random.h"

/* 512 MiB of address space; only the pages that a list touches become memory. */
enum { TRUTH_BYTES = 1 << 29 };

static struct weir_range range_of(struct weir_prefix prefix)
{
	return (struct weir_range){prefix.address, weir_prefix_last(prefix)};
}

static void truth_set(unsigned char *truth, struct weir_range range, bool is_listed)
{
	for (__u64 a = range.low; a <= range.high; a++) {
		if (is_listed)
			truth[a / 8] |= 1 << a % 8;
		else
			truth[a / 8] &= ~(1 << a % 8);
	}
}

static bool truth_has(const unsigned char *truth, __u32 address)
{
	return truth[address / 8] >> address % 8 & 1;
}

static struct weir_rank build(const struct weir_range *denied, size_t denied_count,
			      const struct weir_range *allowed, size_t allowed_count)
{
	struct weir_rank rank;

	cr_assert_eq(weir_rank_build(denied, denied_count, allowed, allowed_count, &rank), 0);
	return rank;
}

/* Both ends of every range and their neighbours, then addresses at random. */
static void compare(const struct weir_rank *rank, const unsigned char *truth,
		    const struct weir_range *ranges, size_t count, struct random *random)
{
	for (size_t i = 0; i < count; i++) {
		__u32 probes[] = {ranges[i].low - 1, ranges[i].low, ranges[i].high,
				  ranges[i].high + 1};

		for (int j = 0; j < 4; j++)
			cr_assert_eq(weir_rank_has(rank, probes[j]), truth_has(truth, probes[j]),
				     "address %08x", probes[j]);
	}
	for (int i = 0; i < 1000000; i++) {
		__u32 address = random_u32(random);

		cr_assert_eq(weir_rank_has(rank, address), truth_has(truth, address),
			     "address %08x", address);
	}
}

static __u64 truth_count(const unsigned char *truth, const struct weir_range *merged, size_t count)
{
	__u64 sum = 0;

	for (size_t i = 0; i < count; i++)
		for (__u64 a = merged[i].low; a <= merged[i].high; a++)
			sum += truth_has(truth, a);
	return sum;
}

Test(plan_rank, agrees_with_a_bit_per_address_on_100000_mixed_prefixes)
{
	enum { DENIED = 100000, ALLOWED = 2000 };
	uint64_t seed = random_seed();
	struct random random = {seed};
	_cleanup_free_ struct weir_prefix *prefixes = calloc(DENIED + ALLOWED, sizeof(*prefixes));
	_cleanup_free_ struct weir_range *denied = calloc(DENIED, sizeof(*denied));
	_cleanup_free_ struct weir_range *allowed = calloc(ALLOWED, sizeof(*allowed));
	_cleanup_free_ unsigned char *truth = calloc(TRUTH_BYTES, 1);
	struct weir_rank rank;
	size_t denied_count, allowed_count;

	fprintf(stderr, "WEIR_SEED=%llu\n", (unsigned long long)seed);
	/* Every other allowed prefix lies where the denied ones do. */
	listgen_realistic(seed, DENIED, prefixes);
	listgen_realistic(seed + 1, ALLOWED, prefixes + DENIED);
	for (int i = 0; i < DENIED; i++)
		truth_set(truth, denied[i] = range_of(prefixes[i]), true);
	for (int i = 0; i < ALLOWED; i++) {
		if (i % 2)
			prefixes[DENIED + i] = prefixes[random_below(&random, DENIED)];
		truth_set(truth, allowed[i] = range_of(prefixes[DENIED + i]), false);
	}

	denied_count = weir_ranges_merge(denied, DENIED);
	allowed_count = weir_ranges_merge(allowed, ALLOWED);
	rank = build(denied, denied_count, allowed, allowed_count);
	cr_assert_eq(rank.denied_addresses, truth_count(truth, denied, denied_count));
	compare(&rank, truth, denied, denied_count, &random);
	compare(&rank, truth, allowed, allowed_count, &random);
	weir_rank_done(&rank);
}

/* Few, wide and crowded, so that ranges nest, touch and cut each other in one /24. */
Test(plan_rank, agrees_on_crowded_ranges)
{
	enum { ROUNDS = 300, RANGES = 40, SPACE = 1 << 13 };
	uint64_t seed = random_seed();
	struct random random = {seed};

	fprintf(stderr, "WEIR_SEED=%llu\n", (unsigned long long)seed);
	for (int round = 0; round < ROUNDS; round++) {
		struct weir_range sets[2][RANGES];
		bool truth[SPACE] = {};
		__u32 base = random_u32(&random) & ~(SPACE - 1u);
		__u64 listed = 0;
		size_t counts[2];
		struct weir_rank rank;

		for (int allowed = 0; allowed < 2; allowed++) {
			counts[allowed] = random_below(&random, RANGES);
			for (size_t i = 0; i < counts[allowed]; i++) {
				__u32 low = random_below(&random, SPACE);
				__u32 high = low + random_below(&random, 700);

				high = high < SPACE ? high : SPACE - 1;
				sets[allowed][i] = (struct weir_range){base + low, base + high};
				memset(truth + low, !allowed, high - low + 1);
			}
			counts[allowed] = weir_ranges_merge(sets[allowed], counts[allowed]);
		}
		rank = build(sets[0], counts[0], sets[1], counts[1]);
		for (__u32 i = 0; i < SPACE; i++) {
			cr_assert_eq(weir_rank_has(&rank, base + i), truth[i], "%08x", base + i);
			listed += truth[i];
		}
		cr_assert_eq(rank.denied_addresses, listed);
		weir_rank_done(&rank);
	}
}

Test(plan_rank, holds_every_address_for_prefix_zero)
{
	struct weir_range all = {0, 0xffffffff};
	struct weir_rank rank = build(&all, 1, NULL, 0);

	cr_assert_eq(rank.denied_addresses, 1ULL << 32);
	cr_assert_eq(rank.blocks_count, 0);
	cr_assert(weir_rank_has(&rank, 0));
	cr_assert(weir_rank_has(&rank, 0x80000000));
	cr_assert(weir_rank_has(&rank, 0xffffffff));
	weir_rank_done(&rank);
}

Test(plan_rank, holds_nothing_when_everything_is_allowed)
{
	struct weir_range some[] = {{0, 0}, {5, 0x7fffffff}, {0xffffffff, 0xffffffff}};
	struct weir_range all = {0, 0xffffffff};
	struct weir_rank rank = build(some, 3, &all, 1);

	cr_assert_eq(rank.denied_addresses, 0);
	cr_assert(!weir_rank_has(&rank, 0));
	cr_assert(!weir_rank_has(&rank, 0xffffffff));
	weir_rank_done(&rank);
}

Test(plan_rank, holds_the_first_and_the_last_address_alone)
{
	struct weir_range ends[] = {{0, 0}, {0xffffffff, 0xffffffff}};
	struct weir_rank rank = build(ends, 2, NULL, 0);

	cr_assert_eq(rank.denied_addresses, 2);
	cr_assert_eq(rank.blocks_count, 2);
	cr_assert(weir_rank_has(&rank, 0) && !weir_rank_has(&rank, 1));
	cr_assert(weir_rank_has(&rank, 0xffffffff) && !weir_rank_has(&rank, 0xfffffffe));
	weir_rank_done(&rank);
}

Test(plan_rank, releases_one_address_of_prefix_zero)
{
	struct weir_range all = {0, 0xffffffff}, one = {0xc0000201, 0xc0000201};
	struct weir_rank rank = build(&all, 1, &one, 1);

	cr_assert_eq(rank.denied_addresses, (1ULL << 32) - 1);
	cr_assert_eq(rank.blocks_count, 4);
	cr_assert(!weir_rank_has(&rank, 0xc0000201));
	cr_assert(weir_rank_has(&rank, 0xc0000200) && weir_rank_has(&rank, 0xc0000202));
	weir_rank_done(&rank);
}

Test(plan_rank, needs_no_block_for_a_cell_that_is_wholly_listed)
{
	struct weir_range cell = {5u << 12, (6u << 12) - 1};
	struct weir_rank rank = build(&cell, 1, NULL, 0);

	cr_assert_eq(rank.cells_count, 1);
	cr_assert_eq(rank.blocks_count, 0);
	cr_assert_eq(rank.cells[0].low, 0xffff);
	cr_assert_eq(rank.cells[0].high, 0);
	cr_assert_eq(rank.areas[0].listed, 1u << 5);
	weir_rank_done(&rank);
}

/* The ninth address makes a /24 too many for one block; the last one is never too many. */
Test(plan_rank, holds_any_number_of_addresses_of_one_network_and_their_neighbours)
{
	for (__u32 count = 1; count <= 256; count++) {
		struct weir_range ranges[] = {{0xc0000205, 0xc0000205},
					      {0xc0000300, 0xc00003ff - (256 - count)},
					      {0xc0000409, 0xc0000409}};
		struct weir_rank rank = build(ranges, 3, NULL, 0);

		cr_assert_eq(rank.blocks_count, count <= 8 ? 3 : count < 256 ? 6 : 2, "%u", count);
		for (__u32 i = 0; i < 256; i++) {
			cr_assert_eq(weir_rank_has(&rank, 0xc0000200 | i), i == 5);
			cr_assert_eq(weir_rank_has(&rank, 0xc0000300 | i), i < count, "%u %u", i,
				     count);
			cr_assert_eq(weir_rank_has(&rank, 0xc0000400 | i), i == 9);
		}
		weir_rank_done(&rank);
	}
}

Test(plan_rank, numbers_a_block_for_every_network_when_all_are_mixed)
{
	enum { NETWORKS = 1 << 24 };
	_cleanup_free_ struct weir_range *ranges = calloc(NETWORKS, sizeof(*ranges));
	struct weir_rank rank;

	for (__u32 i = 0; i < NETWORKS; i++)
		ranges[i] = (struct weir_range){i << 8 | 7, i << 8 | 7};
	rank = build(ranges, NETWORKS, NULL, 0);
	cr_assert_eq(rank.blocks_count, NETWORKS);
	cr_assert_eq(rank.cells_count, WEIR_CELLS);
	cr_assert_eq(rank.cells[WEIR_CELLS - 1].rank, NETWORKS - 16);
	cr_assert(weir_rank_has(&rank, 0xffffff07) && !weir_rank_has(&rank, 0xffffff08));
	weir_rank_done(&rank);
}

Test(plan_rank, is_empty_for_no_list)
{
	struct weir_rank rank = build(NULL, 0, NULL, 0);

	cr_assert_eq(rank.denied_addresses, 0);
	cr_assert_eq(rank.blocks_count, 0);
	cr_assert(!weir_rank_has(&rank, 0x01020304));
	weir_rank_done(&rank);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of addresses as ranges: what is merged, what is left apart, what is found, with the first and
 * the last address there are.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/ranges.h"
#include "random.h"

Test(base_ranges, merges_what_overlaps_nests_touches_or_repeats)
{
	struct weir_range ranges[] = {{30, 40}, {10, 20}, {21, 22}, {10, 20},
				      {12, 15}, {35, 60}, {0, 0},   {0xfffffff0, 0xffffffff}};
	size_t count = weir_ranges_merge(ranges, 8);

	cr_assert_eq(count, 4);
	cr_assert(ranges[0].low == 0 && ranges[0].high == 0);
	cr_assert(ranges[1].low == 10 && ranges[1].high == 22);
	cr_assert(ranges[2].low == 30 && ranges[2].high == 60);
	cr_assert(ranges[3].low == 0xfffffff0 && ranges[3].high == 0xffffffff);
}

Test(base_ranges, stays_one_range_after_one_that_ends_at_the_last_address)
{
	struct weir_range ranges[] = {{0, 0xffffffff}, {0, 0}, {0xffffffff, 0xffffffff}};

	cr_assert_eq(weir_ranges_merge(ranges, 3), 1);
	cr_assert(ranges[0].low == 0 && ranges[0].high == 0xffffffff);
}

Test(base_ranges, sorts_more_than_fit_the_simple_sort)
{
	enum { COUNT = 50000 };
	uint64_t seed = random_seed();
	struct random random = {seed};
	_cleanup_free_ struct weir_range *ranges = calloc(COUNT, sizeof(*ranges));
	_cleanup_free_ struct weir_range *asked = calloc(COUNT, sizeof(*asked));
	size_t count;

	fprintf(stderr, "WEIR_SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < COUNT; i++) {
		__u32 low = random_u32(&random), size = random_below(&random, 100000);

		asked[i] = (struct weir_range){low, low + size < low ? ~0u : low + size};
		ranges[i] = asked[i];
	}
	count = weir_ranges_merge(ranges, COUNT);
	for (size_t i = 1; i < count; i++)
		cr_assert_gt(ranges[i].low, (__u64)ranges[i - 1].high + 1, "range %zu", i);
	for (int i = 0; i < COUNT; i++) {
		cr_assert(weir_ranges_has(ranges, count, asked[i].low));
		cr_assert(weir_ranges_has(ranges, count, asked[i].high));
	}
}

Test(base_ranges, finds_the_ends_and_not_their_neighbours)
{
	struct weir_range ranges[] = {{10, 20}, {30, 30}, {40, 50}};
	__u32 inside[] = {10, 15, 20, 30, 40, 50}, outside[] = {0, 9, 21, 29, 31, 39, 51, ~0u};

	for (int i = 0; i < 6; i++)
		cr_assert(weir_ranges_has(ranges, 3, inside[i]), "%u", inside[i]);
	for (int i = 0; i < 8; i++)
		cr_assert(!weir_ranges_has(ranges, 3, outside[i]), "%u", outside[i]);
	cr_assert(!weir_ranges_has(NULL, 0, 10));
}

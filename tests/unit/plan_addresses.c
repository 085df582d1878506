/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences of address sets, against every subset of a small universe. */
#include "plan/addresses.h"

#include <criterion/criterion.h>

static size_t subset(unsigned int bits, __u32 *to)
{
	size_t count = 0;

	for (__u32 i = 0; i < 5; i++)
		if (bits >> i & 1)
			to[count++] = i * 0x33333333;
	return count;
}

Test(plan_addresses, difference_is_right_for_every_pair_of_small_sets)
{
	for (unsigned int a = 0; a < 32; a++)
		for (unsigned int b = 0; b < 32; b++) {
			__u32 x[5], y[5], only[5], want[5];
			size_t count = weir_addresses_only(x, subset(a, x), y, subset(b, y), only);

			cr_assert_eq(count, subset(a & ~b, want), "%u and %u", a, b);
			for (size_t i = 0; i < count; i++)
				cr_assert_eq(only[i], want[i], "%u and %u", a, b);
		}
}

Test(plan_addresses, sort_drops_what_is_there_twice)
{
	__u32 addresses[] = {7, 0xffffffff, 7, 0, 3, 0xffffffff};

	cr_assert_eq(weir_addresses_sort(addresses, 6), 4);
	cr_expect_eq(addresses[0], 0);
	cr_expect_eq(addresses[1], 3);
	cr_expect_eq(addresses[2], 7);
	cr_expect_eq(addresses[3], 0xffffffff);
	cr_expect_eq(weir_addresses_sort(addresses, 0), 0);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Two sorted sets of addresses -> their difference. */
#include "plan/addresses.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return (x > y) - (x < y);
}

size_t weir_addresses_sort(__u32 *addresses, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(addresses, count, sizeof(*addresses), compare);
	for (size_t i = 0; i < count; i++)
		if (!kept || addresses[kept - 1] != addresses[i])
			addresses[kept++] = addresses[i];
	return kept;
}

size_t weir_addresses_only(const __u32 *a, size_t a_count, const __u32 *b, size_t b_count,
			   __u32 *ret_only)
{
	size_t count = 0, j = 0;

	for (size_t i = 0; i < a_count; i++) {
		while (j < b_count && b[j] < a[i])
			j++;
		if (j == b_count || b[j] != a[i])
			ret_only[count++] = a[i];
	}
	return count;
}

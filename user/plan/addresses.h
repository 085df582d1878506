/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of addresses: what must be added to one, and removed from it, to make it another. Pure.
 */
#ifndef WEIR_PLAN_ADDRESSES_H
#define WEIR_PLAN_ADDRESSES_H

#include <linux/types.h>
#include <stddef.h>

/* Sorts `addresses` and drops what is there twice, in place. Returns how many are left. */
size_t weir_addresses_sort(__u32 *addresses, size_t count);

/*
 * What `a` has and `b` has not, both sorted without duplicates, into `ret_only`, which has room
 * for a_count. Returns how many. (want, have) gives what to add, (have, want) what to remove.
 */
size_t weir_addresses_only(const __u32 *a, size_t a_count, const __u32 *b, size_t b_count,
			   __u32 *ret_only);

#endif

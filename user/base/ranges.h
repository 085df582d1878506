/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of IPv4 addresses as ranges, both ends in host order and in the set. A merged set is sorted,
 * and none of its ranges overlaps or touches another: two sets of the same addresses are then
 * the same ranges. The arrays are the caller's.
 */
#ifndef WEIR_BASE_RANGES_H
#define WEIR_BASE_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/policy.h"

/* Sort `ranges` and merge what overlaps or touches, in place. Returns how many are left. */
size_t weir_ranges_merge(struct weir_range *ranges, size_t count);

/* Does one of the merged ranges hold the host-order address? The twin of the gate's search. */
bool weir_ranges_has(const struct weir_range *ranges, size_t count, __u32 address);

#endif

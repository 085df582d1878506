/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of destinations, as generation.c fills it. Private to user/plan.
 */
#ifndef WEIR_PLAN_DESTINATIONS_H
#define WEIR_PLAN_DESTINATIONS_H

#include "plan/plan.h"

/* An address that the policy names, in all its roles. */
struct weir_wanted {
	__u32 address; /* host order */
	__u16 slot;
	__u8 roles;
	struct weir_rate rate; /* of an ingress address; else all 0: no limit */
};

/*
 * Give each of `wanted`, which are all different, its slot: the one that it has in `taken`, else
 * the lowest that neither `taken` nor another of them has.
 * Returns 0, -ENOMEM, or -ENOSPC: there are not enough slots beside the taken ones.
 */
int weir_slots_assign(struct weir_wanted *wanted, size_t count, const struct weir_slot *taken,
		      size_t taken_count);

/*
 * Fill `sets` (WEIR_SETS) with the destinations, under a seed that lets every one fit.
 * Returns 0, or -ENOSPC: no seed of those tried does. `sets` is overwritten in any case.
 */
int weir_sets_fill(const struct weir_wanted *wanted, size_t count, struct weir_set *sets,
		   __u32 *ret_seed);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a ban would cut off besides its target: addresses that the policy itself names. Pure.
 */
#ifndef WEIR_PLAN_COVER_H
#define WEIR_PLAN_COVER_H

#include "base/prefix.h"
#include "plan/plan.h"

enum { WEIR_COVER_TEXT_MAX = 128 };

/*
 * Does a ban of `prefix` take in an address of the gate (`slots`) or a whole management source?
 * A rule from anywhere has no source that could be taken in. True with what it is in words.
 */
bool weir_cover_find(const struct weir_policy *policy, const struct weir_slot *slots,
		     size_t slots_count, struct weir_prefix prefix,
		     char ret_text[static WEIR_COVER_TEXT_MAX]);

#endif

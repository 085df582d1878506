/* SPDX-License-Identifier: GPL-2.0-only */
/* The lists of one generation with all else of another. */
#include <string.h>

#include "plan/plan.h"

static bool is_list(enum weir_change_kind kind)
{
	return kind == WEIR_CHANGE_DENYLIST || kind == WEIR_CHANGE_ALLOWLIST ||
	       kind == WEIR_CHANGE_CDN;
}

/* How many changes there are besides lists. */
static int count_others(const struct weir_generation *live, const struct weir_generation *wanted,
			size_t *ret_count)
{
	struct weir_diff diff = {};
	size_t count = 0;
	int r = weir_diff_make(live, wanted, &diff);

	for (size_t i = 0; !r && i < diff.count; i++)
		count += !is_list(diff.items[i].kind);
	weir_diff_done(&diff);
	if (!r)
		*ret_count = count;
	return r;
}

int weir_generation_graft(const struct weir_generation *live, struct weir_generation *wanted,
			  size_t *ret_others)
{
	const struct weir_policy lists = wanted->policy;
	size_t others;
	int r = count_others(live, wanted, &others);

	if (r)
		return r;
	wanted->policy = live->policy;
	wanted->policy.cdn_ranges_count = lists.cdn_ranges_count;
	wanted->policy.allow_ranges_count = lists.allow_ranges_count;
	wanted->policy.denied_addresses = lists.denied_addresses;
	wanted->policy.applied_at_s = lists.applied_at_s;
	/* What is in force then is no state of the files: its fingerprint is none of theirs. */
	if (!others)
		wanted->policy.fingerprint = lists.fingerprint;
	else if (live->policy.fingerprint != WEIR_FINGERPRINT_MANAGEMENT)
		wanted->policy.fingerprint = ~lists.fingerprint;
	memcpy(wanted->sets, live->sets, WEIR_SETS * sizeof(*wanted->sets));
	memcpy(wanted->rates, live->rates, WEIR_DESTINATIONS_MAX * sizeof(*wanted->rates));
	*ret_others = others;
	return 0;
}

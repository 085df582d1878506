/* SPDX-License-Identifier: GPL-2.0-only */
/* Address -> base list, allowlist, live entries: the gate's order, a release first. */
#include "kernel/why.h"

#include <stdlib.h>

#include "base/ranges.h"
#include "kernel/generation.h"
#include "kernel/live.h"
#include "plan/plan.h"
#include "weir/deny.h"

void weir_why_done(struct weir_why *why)
{
	free(why->records);
	*why = (struct weir_why){};
}

int weir_base_lists(struct weir_maps *maps, __u32 address, struct weir_diags *diags,
		    bool *ret_is_listed)
{
	struct weir_generation live;
	int r = weir_maps_open_base(maps, diags);

	if (!r)
		*ret_is_listed = weir_generation_view(maps, weir_maps_half(maps), &live) &&
				 weir_rank_has(&live.rank, address);
	return r;
}

/* Keep those that hold the address; tell which kinds there are. */
static void filter(struct weir_why *why, __u32 address, bool *ret_has_ban, bool *ret_has_release)
{
	size_t kept = 0;

	for (size_t i = 0; i < why->count; i++) {
		if (!weir_prefix_has(why->records[i].prefix, address))
			continue;
		*(why->records[i].kind == WEIR_LIVE_BAN ? ret_has_ban : ret_has_release) = true;
		why->records[kept++] = why->records[i];
	}
	why->count = kept;
}

int weir_why_read(const struct weir_paths *paths, struct weir_maps *maps, __u32 address,
		  struct weir_diags *diags, struct weir_why *ret_why)
{
	bool has_ban = false, has_release = false;
	struct weir_generation live;
	struct weir_why why = {};
	int r = weir_base_lists(maps, address, diags, &why.is_base_listed)
			?: weir_live_list(paths, maps, diags, &why.records, &why.count);

	if (r)
		return r;
	filter(&why, address, &has_ban, &has_release);
	if (weir_generation_view(maps, weir_maps_half(maps), &live))
		why.is_allowed = weir_ranges_has(live.allow, live.policy.allow_ranges_count,
						 address);
	why.is_denied = !has_release && (why.is_base_listed || (has_ban && !why.is_allowed));
	*ret_why = why;
	return 0;
}

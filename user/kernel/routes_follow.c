/* SPDX-License-Identifier: GPL-2.0-only */
/* The policy in force -> its ingress addresses -> the routes that stay. */
#include "kernel/routes_follow.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/generation.h"
#include "kernel/routes.h"

int weir_routes_follow(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags, struct weir_applied *done)
{
	_cleanup_free_ __u32 *wanted = NULL;
	struct weir_generation live;
	size_t count = 0;

	if (weir_generation_view(maps, weir_maps_half(maps), &live) &&
	    weir_generation_ingress(&live, &wanted, &count))
		return weir_fail(diags, -ENOMEM, "out of memory");
	return weir_routes_prune(paths, wanted, count, diags, &done->routes_removed,
				 &done->routes_in_use);
}

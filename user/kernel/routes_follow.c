/* SPDX-License-Identifier: GPL-2.0-only */
/* The policy in force -> its ingress addresses -> the routes that stay. */
#include "kernel/routes_follow.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/generation.h"
#include "kernel/routes.h"
#include "plan/addresses.h"

int weir_routes_follow(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags, struct weir_applied *done)
{
	_cleanup_free_ struct weir_slot *slots = NULL;
	_cleanup_free_ __u32 *wanted = NULL;
	struct weir_generation live;
	size_t slots_count = 0, count = 0;
	int r = 0;

	if (weir_generation_view(maps, weir_maps_half(maps), &live))
		r = weir_generation_slots(&live, &slots, &slots_count);
	wanted = calloc(slots_count ?: 1, sizeof(*wanted));
	if (r || !wanted)
		return weir_fail(diags, -ENOMEM, "out of memory");
	for (size_t i = 0; i < slots_count; i++)
		if (slots[i].roles & WEIR_ROLE_INGRESS)
			wanted[count++] = ntohl(slots[i].address);
	count = weir_addresses_sort(wanted, count);
	return weir_routes_prune(paths, wanted, count, diags, &done->routes_removed,
				 &done->routes_in_use);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ingress addresses made local: `local ADDRESS dev lo table local proto 87` for each, without
 * which TCP would not answer for them. 87 (ASCII W) is weir's own protocol number, by which it
 * knows its routes again; an address that is local anyway, by whoever's hand, gets none. Instances
 * of one machine tell theirs apart by the metric: 0 is the instance `weir`, others have one that
 * comes of their name. An address of two instances has two routes, and loses it with the second.
 */
#ifndef WEIR_KERNEL_ROUTES_H
#define WEIR_KERNEL_ROUTES_H

#include <linux/types.h>
#include <stddef.h>

#include "base/diag.h"
#include "kernel/paths.h"

enum { WEIR_ROUTE_PROTOCOL = 87 };

/*
 * Add the routes that `wanted` (host order, sorted) needs and lacks. To be called before the gate
 * admits an address. Returns 0 or a negative errno with a diagnostic.
 */
int weir_routes_add(const struct weir_paths *paths, const __u32 *wanted, size_t count,
		    struct weir_diags *diags, size_t *ret_added);

/*
 * Remove this instance's routes to addresses that `wanted` has not. An address that a TCP connection
 * still uses keeps its route until a later call. To be called after the gate has stopped
 * admitting them. Returns 0 or a negative errno with a diagnostic.
 */
int weir_routes_prune(const struct weir_paths *paths, const __u32 *wanted, size_t count,
		      struct weir_diags *diags, size_t *ret_removed, size_t *ret_in_use);

/* Where table local and `wanted` disagree; host order, sorted. */
struct weir_routes_state {
	__u32 *missing; /* wanted, and not local */
	size_t missing_count;
	__u32 *stale; /* a route of this instance that is not wanted */
	size_t stale_count;
};

/* Returns 0 or a negative errno with a diagnostic; weir_routes_state_done the result. */
int weir_routes_compare(const struct weir_paths *paths, const __u32 *wanted, size_t count,
			struct weir_diags *diags, struct weir_routes_state *ret_state);
void weir_routes_state_done(struct weir_routes_state *state);

/* How many of `wanted` are not local. */
int weir_routes_missing(const struct weir_paths *paths, const __u32 *wanted, size_t count,
			struct weir_diags *diags, size_t *ret_missing);

#endif

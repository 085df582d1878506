/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Local routes, after the policy has changed.
 */
#ifndef WEIR_KERNEL_ROUTES_FOLLOW_H
#define WEIR_KERNEL_ROUTES_FOLLOW_H

#include "kernel/apply.h"

/*
 * Leave only the routes that the policy in force needs, or a connection still uses; `done` is told
 * how many. Returns 0 or a negative errno with a diagnostic.
 */
int weir_routes_follow(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags, struct weir_applied *done);

#endif

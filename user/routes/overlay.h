/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Routes of files below, live ones above: which of them is in force for a host. Pure.
 *
 *   live:   blog (gone)         shop            zoo
 *   base:   blog   default      shop    www
 *   in force:      default      shop'   www     zoo
 */
#ifndef WEIR_ROUTES_OVERLAY_H
#define WEIR_ROUTES_OVERLAY_H

#include "base/diag.h"
#include "routes/changes.h"

/* Both sorted; the caller's. */
struct weir_overlay {
	const struct weir_routes *base;
	const struct weir_routes *live;
};

/*
 * The routes that changes in effect hold, and those that they take out (is_gone). Their origins
 * have no path. Returns 0, -ENOMEM, or -EINVAL with a diagnostic: a change is no route.
 */
int weir_overlay_routes(const struct weir_changes *changes, struct weir_diags *diags,
			struct weir_routes *ret_live);

/* The route of exactly this host (NULL: the default), or NULL. */
const struct weir_route *weir_routes_find(const struct weir_routes *routes, const char *host);

/* The one that is in force, or NULL. */
const struct weir_route *weir_overlay_find(const struct weir_overlay *overlay, const char *host);

/* How many are in force. */
size_t weir_overlay_count(const struct weir_overlay *overlay);

/* A walk over those in force, in the order of hosts. */
struct weir_overlay_walk {
	size_t base, live; /* the next of each */
};

/* Begin behind `host` (`default` is the first); NULL: at the start. */
struct weir_overlay_walk weir_overlay_walk(const struct weir_overlay *overlay, const char *after);

/* The next route, or NULL. */
const struct weir_route *weir_overlay_next(const struct weir_overlay *overlay,
					   struct weir_overlay_walk *walk);

/* Do both serve a host the same way? */
bool weir_route_is_same(const struct weir_route *a, const struct weir_route *b);

/* Do the files say the same as this live route, or as its being gone? */
bool weir_overlay_is_caught_up(const struct weir_overlay *overlay, const struct weir_route *live);

/* `default` for the default route. */
static inline const char *weir_route_name(const struct weir_route *route)
{
	return route->host ? route->host : "default";
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live changes -> routes, and what is in force over two sorted sets.
 *
 * The changes' values are read by the parser of routes files: one grammar, one set of errors.
 * Finding is by halves in each set, a walk merges both as it goes; nothing is copied.
 */
#include "routes/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/parse.h"

/* A routes file that holds the changes' routes, one a line. */
static char *routes_text(const struct weir_change *changes, size_t count, size_t *ret_size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, ret_size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < count; i++)
		fprintf(to, "%s %s\n", changes[i].key,
			changes[i].sign == WEIR_CHANGE_GONE ? "app=gone" : changes[i].value);
	return take_text(to, &text);
}

int weir_overlay_routes(const struct weir_changes *changes, struct weir_diags *diags,
			struct weir_routes *ret_live)
{
	_cleanup_(weir_routes_done) struct weir_routes live = {};
	_cleanup_free_ char *text = NULL;
	size_t count, size;
	const struct weir_change *items = weir_changes_of(changes, WEIR_CHANGE_ROUTE, &count);
	int r;

	text = routes_text(items, count, &size);
	if (!text)
		return -ENOMEM;
	r = weir_routes_parse("the live changes", text, size, diags, &live);
	if (r)
		return r;
	/* One line a change, in their order. */
	for (size_t i = 0; i < live.count; i++) {
		live.items[i].is_gone = items[i].sign == WEIR_CHANGE_GONE;
		live.items[i].origin.path = NULL;
	}
	r = weir_routes_finish(&live, diags);
	if (r)
		return r;
	*ret_live = live;
	live = (struct weir_routes){};
	return 0;
}

/* The default route is before all others. */
static int compare_hosts(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

/* How many routes are before `host`, or, with `is_after`, not behind it. */
static size_t position(const struct weir_routes *routes, const char *host, bool is_after)
{
	size_t low = 0, high = routes->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_hosts(routes->items[middle].host, host);

		if (order < 0 || (is_after && !order))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct weir_route *weir_routes_find(const struct weir_routes *routes, const char *host)
{
	size_t at = position(routes, host, false);

	return at < routes->count && !compare_hosts(routes->items[at].host, host)
		       ? &routes->items[at]
		       : NULL;
}

const struct weir_route *weir_overlay_find(const struct weir_overlay *overlay, const char *host)
{
	const struct weir_route *live = weir_routes_find(overlay->live, host);

	if (live)
		return live->is_gone ? NULL : live;
	return weir_routes_find(overlay->base, host);
}

size_t weir_overlay_count(const struct weir_overlay *overlay)
{
	size_t count = overlay->base->count;

	for (size_t i = 0; i < overlay->live->count; i++) {
		const struct weir_route *live = &overlay->live->items[i];

		count -= weir_routes_find(overlay->base, live->host) != NULL;
		count += !live->is_gone;
	}
	return count;
}

struct weir_overlay_walk weir_overlay_walk(const struct weir_overlay *overlay, const char *after)
{
	const char *host = after && strcmp(after, "default") != 0 ? after : NULL;

	if (!after)
		return (struct weir_overlay_walk){};
	return (struct weir_overlay_walk){position(overlay->base, host, true),
					  position(overlay->live, host, true)};
}

const struct weir_route *weir_overlay_next(const struct weir_overlay *overlay,
					   struct weir_overlay_walk *walk)
{
	const struct weir_routes *base = overlay->base, *live = overlay->live;

	for (;;) {
		const struct weir_route *below = walk->base < base->count ? &base->items[walk->base]
									  : NULL;
		const struct weir_route *above = walk->live < live->count ? &live->items[walk->live]
									  : NULL;
		int order = !below || !above ? (above ? 1 : -1)
					     : compare_hosts(below->host, above->host);

		if (!below && !above)
			return NULL;
		walk->base += order <= 0;
		walk->live += order >= 0;
		if (order < 0)
			return below;
		if (!above->is_gone)
			return above;
	}
}

bool weir_route_is_same(const struct weir_route *a, const struct weir_route *b)
{
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++) {
		if (a->containers_count[protocol] != b->containers_count[protocol] ||
		    a->preface[protocol] != b->preface[protocol])
			return false;
		for (size_t i = 0; i < a->containers_count[protocol]; i++)
			if (!weir_container_is_same(a->containers[protocol][i],
						    b->containers[protocol][i]))
				return false;
	}
	return !strcmp(a->app, b->app);
}

bool weir_overlay_is_caught_up(const struct weir_overlay *overlay, const struct weir_route *live)
{
	const struct weir_route *base = weir_routes_find(overlay->base, live->host);

	return live->is_gone ? !base : base && weir_route_is_same(base, live);
}

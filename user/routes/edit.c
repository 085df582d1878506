/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of an operator -> changes of routes: what has to change so that it is as they say?
 *
 *   what is in force + line's containers  (add)      -> the whole route, as a change that holds
 *   what is in force - line's containers  (remove)   -> likewise, or the route is taken out
 *   line alone                            (replace)  -> likewise
 *
 * A change states the whole route, so that the latest is enough. Where the files say the same, it is
 * left to them; where nothing would change, there is no change. Every line's errors are reported.
 */
#include "routes/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "config/parse.h"

static int refuse(const struct weir_edit *edit, const struct weir_route *line, const char *what)
{
	return weir_diags_error(edit->diags, edit->path, line->origin.line, 1, "'%s' %s",
				weir_route_name(line), what);
}

/* The host is to be served like this: no change if it is, no live route if the files say so. */
static int put_route(const struct weir_edit *edit, const struct weir_route *route,
		     struct weir_changes *request)
{
	const struct weir_route *base = weir_routes_find(edit->overlay.base, route->host);
	const struct weir_route *live = weir_routes_find(edit->overlay.live, route->host);
	_cleanup_free_ char *value = weir_route_value(route);

	if (!value)
		return -ENOMEM;
	if (base && weir_route_is_same(base, route))
		return live ? weir_edit_put(edit, WEIR_CHANGE_ROUTE, WEIR_CHANGE_REVERTS,
					    weir_route_name(route), "", request)
			    : 0;
	if (live && !live->is_gone && weir_route_is_same(live, route))
		return 0;
	return weir_edit_put(edit, WEIR_CHANGE_ROUTE, WEIR_CHANGE_HOLDS, weir_route_name(route),
			     value, request);
}

static bool has(const struct weir_container *containers, size_t count, struct weir_container one)
{
	for (size_t i = 0; i < count; i++)
		if (weir_container_is_same(containers[i], one))
			return true;
	return false;
}

/* What of `of` is not in `without`, behind what `to` has already. */
static int append(struct weir_container **to, size_t *to_count, const struct weir_container *of,
		  size_t count, const struct weir_container *without, size_t without_count)
{
	for (size_t i = 0; i < count; i++) {
		struct weir_container *item;

		if (has(without, without_count, of[i]))
			continue;
		item = weir_array_add(to, to_count);
		if (!item)
			return -ENOMEM;
		*item = of[i];
	}
	return 0;
}

static void containers_done(struct weir_route *route)
{
	free(route->containers[WEIR_HTTP]);
	free(route->containers[WEIR_TLS]);
}

/* The route with the line's containers as well, or, with is_removal, without them. */
static int combine(const struct weir_route *route, const struct weir_route *line, bool is_removal,
		   struct weir_route *ret_route)
{
	int r = 0;

	for (int i = WEIR_HTTP; !r && i <= WEIR_TLS; i++) {
		struct weir_container **to = &ret_route->containers[i];
		size_t *count = &ret_route->containers_count[i];

		ret_route->preface[i] = route->containers_count[i] ? route->preface[i]
								   : line->preface[i];
		r = append(to, count, route->containers[i], route->containers_count[i],
			   line->containers[i], is_removal ? line->containers_count[i] : 0);
		if (!r && !is_removal)
			r = append(to, count, line->containers[i], line->containers_count[i],
				   route->containers[i], route->containers_count[i]);
	}
	return r;
}

/* Does the line say which app it is, or is that what the parser put there? */
static bool states_app(const struct weir_route *line)
{
	return strcmp(line->app, weir_route_name(line)) != 0;
}

static int undrain(const struct weir_edit *edit, const struct weir_route *line,
		   struct weir_changes *request)
{
	char text[WEIR_CONTAINER_TEXT_MAX];
	int r = 0;

	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++)
		for (size_t i = 0; !r && i < line->containers_count[protocol]; i++) {
			weir_container_format(line->containers[protocol][i], text);
			if (weir_changes_find(edit->changes, WEIR_CHANGE_DRAIN, text))
				r = weir_edit_put(edit, WEIR_CHANGE_DRAIN, WEIR_CHANGE_REVERTS,
						  text, "", request);
		}
	return r;
}

static int add_line(const struct weir_edit *edit, const struct weir_route *line,
		    struct weir_changes *request)
{
	const struct weir_route *now = weir_overlay_find(&edit->overlay, line->host);
	_cleanup_(containers_done) struct weir_route merged = {.host = line->host};
	int r = undrain(edit, line, request);

	if (r)
		return r;
	if (!now)
		return put_route(edit, line, request);
	if (states_app(line) && strcmp(line->app, now->app) != 0)
		return weir_diags_error(edit->diags, edit->path, line->origin.line, 1,
					"'%s' is of app %s already; --replace gives it to %s",
					weir_route_name(line), now->app, line->app);
	for (int i = WEIR_HTTP; i <= WEIR_TLS; i++)
		if (now->containers_count[i] && line->preface[i] &&
		    line->preface[i] != now->preface[i])
			return refuse(edit, line, "has containers without that proxy=");
	merged.app = now->app;
	r = combine(now, line, false, &merged);
	if (!r && (merged.containers_count[WEIR_HTTP] > WEIR_CONTAINERS_MAX ||
		   merged.containers_count[WEIR_TLS] > WEIR_CONTAINERS_MAX))
		return refuse(edit, line, "would have more containers than WEIR_CONTAINERS_MAX");
	return r ?: put_route(edit, &merged, request);
}

/* The host is served by the line's containers alone. */
static int replace_line(const struct weir_edit *edit, const struct weir_route *line,
			struct weir_changes *request)
{
	return undrain(edit, line, request) ?: put_route(edit, line, request);
}

static int remove_route(const struct weir_edit *edit, const struct weir_route *line,
			struct weir_changes *request)
{
	bool is_based = weir_routes_find(edit->overlay.base, line->host) != NULL;

	return weir_edit_put(edit, WEIR_CHANGE_ROUTE,
			     is_based ? WEIR_CHANGE_GONE : WEIR_CHANGE_REVERTS,
			     weir_route_name(line), "", request);
}

static int remove_line(const struct weir_edit *edit, const struct weir_route *line,
		       struct weir_changes *request)
{
	const struct weir_route *now = weir_overlay_find(&edit->overlay, line->host);
	_cleanup_(containers_done) struct weir_route left = {.host = line->host};
	int r;

	if (!now)
		return refuse(edit, line, "has no route");
	if (states_app(line) && strcmp(line->app, now->app) != 0)
		return weir_diags_error(edit->diags, edit->path, line->origin.line, 1,
					"'%s' is of app %s, not %s", weir_route_name(line),
					now->app, line->app);
	if (!line->containers_count[WEIR_HTTP] && !line->containers_count[WEIR_TLS])
		return remove_route(edit, line, request);
	left.app = now->app;
	r = combine(now, line, true, &left);
	if (r)
		return r;
	for (int i = WEIR_HTTP; i <= WEIR_TLS; i++)
		if (now->containers_count[i] - left.containers_count[i] !=
		    line->containers_count[i])
			return refuse(edit, line, "has not all of these containers");
	return put_route(edit, &left, request);
}

static int revert_line(const struct weir_edit *edit, const struct weir_route *line,
		       struct weir_changes *request)
{
	if (!weir_routes_find(edit->overlay.live, line->host))
		return refuse(edit, line, "is as the files say");
	return weir_edit_put(edit, WEIR_CHANGE_ROUTE, WEIR_CHANGE_REVERTS, weir_route_name(line),
			     "", request);
}

/* Every line's errors are found before any is returned. */
static int each_line(const struct weir_edit *edit, const char *text, size_t size,
		     int (*change)(const struct weir_edit *edit, const struct weir_route *line,
				   struct weir_changes *request),
		     struct weir_changes *request)
{
	_cleanup_(weir_routes_done) struct weir_routes lines = {};
	int r = weir_routes_parse(edit->path, text, size, edit->diags, &lines)
			?: weir_routes_finish(&lines, edit->diags);

	if (r)
		return r;
	if (!lines.count)
		return weir_diags_error(edit->diags, edit->path, 0, 0, "no route is named");
	for (size_t i = 0; i < lines.count; i++) {
		int failed = change(edit, &lines.items[i], request);

		if (failed == -ENOMEM)
			return failed;
		r = r ?: failed;
	}
	return r;
}

int weir_edit_add(const struct weir_edit *edit, const char *lines, size_t size, bool replaces,
		  struct weir_changes *request)
{
	return each_line(edit, lines, size, replaces ? replace_line : add_line, request);
}

int weir_edit_remove(const struct weir_edit *edit, const char *lines, size_t size,
		     struct weir_changes *request)
{
	return each_line(edit, lines, size, remove_line, request);
}

/* Live routes, and those taken out, that the files have caught up with. */
static int revert_same(const struct weir_edit *edit, struct weir_changes *request)
{
	int r = 0;

	for (size_t i = 0; !r && i < edit->overlay.live->count; i++) {
		const struct weir_route *live = &edit->overlay.live->items[i];

		if (weir_overlay_is_caught_up(&edit->overlay, live))
			r = weir_edit_put(edit, WEIR_CHANGE_ROUTE, WEIR_CHANGE_REVERTS,
					  weir_route_name(live), "", request);
	}
	return r;
}

int weir_edit_revert(const struct weir_edit *edit, const char *lines, size_t size,
		     struct weir_changes *request)
{
	return lines ? each_line(edit, lines, size, revert_line, request)
		     : revert_same(edit, request);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verb `list`: the routes in force, a page at a time, so that a million of them are never one
 * reply. `after` is the last host of the page before; `number` tells when they changed meanwhile.
 * The first page has what else was changed live; `drains` asks for its drains alone, `hosts` for the
 * routes' names in place of the routes.
 */
#include "cmd/proxy.h"

#include <string.h>

/* On a page. A host is a string where a route is an object, and takes a tenth of the time. */
enum { ROWS_MAX = 1000, HOSTS_MAX = 10000 };

static json_t *containers_json(const struct weir_route *route, enum weir_protocol protocol)
{
	char text[WEIR_CONTAINER_TEXT_MAX];
	json_t *array = json_array();

	for (size_t i = 0; i < route->containers_count[protocol]; i++) {
		weir_container_format(route->containers[protocol][i], text);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

static void add_live(json_t *row, const struct weir_proxy_run *run, const struct weir_route *live)
{
	const struct weir_overlay overlay = weir_proxy_overlay(run);
	const struct weir_change *change = weir_changes_find(
		&run->routes.changes, WEIR_CHANGE_ROUTE, weir_route_name(live));

	if (!change)
		return;
	json_object_set_new(row, "who", json_string(change->who));
	json_object_set_new(row, "at", json_integer((json_int_t)(change->at_ns / 1000000000)));
	if (weir_overlay_is_caught_up(&overlay, live))
		json_object_set_new(row, "caught_up", json_true());
}

static void add_origin(json_t *row, const struct weir_route *base)
{
	json_object_set_new(row, "path", json_string(base->origin.path));
	json_object_set_new(row, "line", json_integer(base->origin.line));
}

static void add_preface(json_t *row, const char *name, enum weir_preface_version version)
{
	if (version)
		json_object_set_new(row, name,
				    json_string(version == WEIR_PREFACE_V1 ? "v1" : "v2"));
}

static json_t *route_json(const struct weir_proxy_run *run, const struct weir_route *route)
{
	const struct weir_route *base = route->origin.path ? route
							   : weir_routes_find(&run->config->routes,
									      route->host);
	json_t *row = json_pack("{s:s, s:s, s:o, s:o}", "host", weir_route_name(route), "app",
				route->app, "http", containers_json(route, WEIR_HTTP), "tls",
				containers_json(route, WEIR_TLS));

	add_preface(row, "http_proxy", route->preface[WEIR_HTTP]);
	add_preface(row, "tls_proxy", route->preface[WEIR_TLS]);
	if (route != base)
		add_live(row, run, route);
	if (base)
		add_origin(row, base);
	return row;
}

/* A page of what is in force behind `after`; true when there is more. */
static bool add_rows(const struct weir_proxy_run *run, const char *after, bool is_hosts,
		     json_t *rows)
{
	const struct weir_overlay overlay = weir_proxy_overlay(run);
	struct weir_overlay_walk walk = weir_overlay_walk(&overlay, after);
	const struct weir_route *route = NULL;
	int room = is_hosts ? HOSTS_MAX : ROWS_MAX;

	while (room-- > 0 && (route = weir_overlay_next(&overlay, &walk)))
		json_array_append_new(rows, is_hosts ? json_string(weir_route_name(route))
						     : route_json(run, route));
	return route != NULL;
}

/* Routes that live changes have taken out. */
static json_t *gone_json(const struct weir_proxy_run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->routes.live.count; i++) {
		const struct weir_route *live = &run->routes.live.items[i], *base;
		json_t *row;

		if (!live->is_gone)
			continue;
		row = json_pack("{s:s}", "host", weir_route_name(live));
		add_live(row, run, live);
		base = weir_routes_find(&run->config->routes, live->host);
		if (base)
			add_origin(row, base);
		json_array_append_new(array, row);
	}
	return array;
}

static json_t *change_json(const struct weir_change *change, const char *name)
{
	return json_pack("{s:s, s:s, s:I}", name, change->key, "who", change->who, "at",
			 (json_int_t)(change->at_ns / 1000000000));
}

static json_t *drains_json(const struct weir_proxy_run *run, const struct weir_table *table)
{
	json_t *array = json_array();
	size_t count;
	const struct weir_change *drains = weir_changes_of(&run->routes.changes, WEIR_CHANGE_DRAIN,
							   &count);

	for (size_t i = 0; i < count; i++) {
		json_t *row = change_json(&drains[i], "container");
		struct weir_container container;
		__u64 connections = 0;
		size_t apps = 0;
		const char *why;

		if (!weir_container_parse(drains[i].key, strlen(drains[i].key), &container, &why))
			apps = weir_table_connections(table, container, &connections);
		json_object_set_new(row, "connections", json_integer((json_int_t)connections));
		json_object_set_new(row, "routed", json_boolean(apps > 0));
		json_array_append_new(array, row);
	}
	return array;
}

static json_t *rates_json(const struct weir_proxy_run *run)
{
	json_t *array = json_array();
	size_t count;
	const struct weir_change *rates = weir_changes_of(&run->routes.changes, WEIR_CHANGE_RATE,
							  &count);

	for (size_t i = 0; i < count; i++) {
		json_t *row = change_json(&rates[i], "of");
		__u64 bytes_per_s = 0, burst_bytes = 0;

		weir_rate_value_parse(rates[i].value, &bytes_per_s, &burst_bytes);
		json_object_set_new(row, "bytes_per_s", json_integer((json_int_t)bytes_per_s));
		json_object_set_new(row, "burst_bytes", json_integer((json_int_t)burst_bytes));
		json_array_append_new(array, row);
	}
	return array;
}

int weir_proxy_list(struct weir_control_call *call)
{
	struct weir_proxy_run *run = call->context;
	_cleanup_(weir_table_unref) struct weir_table *table = weir_proxy_table(run->proxy);
	const char *after = json_string_value(json_object_get(call->request, "after"));
	bool is_hosts = json_is_true(json_object_get(call->request, "hosts")), has_more;
	json_t *rows;

	if (json_is_true(json_object_get(call->request, "drains")))
		return json_object_set_new(call->reply, "drains", drains_json(run, table));
	rows = json_array();
	has_more = add_rows(run, after, is_hosts, rows);
	json_object_set_new(call->reply, "number", json_integer((json_int_t)run->routes.number));
	json_object_set_new(call->reply, "routes", rows);
	json_object_set_new(call->reply, "more", json_boolean(has_more));
	if (after || is_hosts)
		return 0;
	json_object_set_new(call->reply, "gone", gone_json(run));
	json_object_set_new(call->reply, "drains", drains_json(run, table));
	json_object_set_new(call->reply, "rates", rates_json(run));
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs of a running proxy's control socket: a request -> what the proxy says or does. All of
 * them run in the main thread, one at a time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "cmd/proxy_takeover.h"
#include "control/control.h"

enum { LIST_ROWS_MAX = 1000 };

static int status(struct weir_control_call *call)
{
	const struct weir_proxy_run *run = call->context;
	struct weir_counters totals;

	weir_proxy_counters(run->proxy, &totals);
	return json_object_update_new(call->reply,
				      json_pack("{s:i, s:s, s:I, s:i, s:I, s:I, s:I, s:I}", "pid",
						getpid(), "release", WEIR_VERSION, "since",
						(json_int_t)run->since_s, "workers",
						(int)run->workers, "open",
						(json_int_t)weir_proxy_open_connections(run->proxy),
						"connections", (json_int_t)totals.connections,
						"requests", (json_int_t)totals.requests, "routes",
						(json_int_t)run->config->routes.count))
		       ? -ENOMEM
		       : 0;
}

static json_t *containers_json(const struct weir_container *containers, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++) {
		struct in_addr address = {htonl(containers[i].address)};
		char text[INET_ADDRSTRLEN];

		json_array_append_new(array,
				      json_sprintf("%s:%u",
						   inet_ntop(AF_INET, &address, text, sizeof(text)),
						   containers[i].port));
	}
	return array;
}

static json_t *route_json(const struct weir_route *route)
{
	return json_pack(
		"{s:s, s:s, s:o, s:o, s:s, s:i}", "host", route->host ?: "default", "app",
		route->app, "http",
		containers_json(route->containers[WEIR_HTTP], route->containers_count[WEIR_HTTP]),
		"tls",
		containers_json(route->containers[WEIR_TLS], route->containers_count[WEIR_TLS]),
		"path", route->origin.path, "line", (int)route->origin.line);
}

/* A page of routes from the row `from` on; `next` says where the next one begins, if there is one. */
static int list(struct weir_control_call *call)
{
	const struct weir_proxy_run *run = call->context;
	const struct weir_routes *routes = &run->config->routes;
	json_int_t from = json_integer_value(json_object_get(call->request, "from"));
	json_t *rows = json_array();
	size_t i = from > 0 ? from : 0, end = i + LIST_ROWS_MAX;

	for (; i < routes->count && i < end; i++)
		json_array_append_new(rows, route_json(&routes->items[i]));
	json_object_set_new(call->reply, "routes", rows);
	if (i < routes->count)
		json_object_set_new(call->reply, "next", json_integer(i));
	return 0;
}

const struct weir_control_verb weir_proxy_verbs[] = {
	{"status", status},
	{"list", list},
	{"takeover", weir_takeover_give},
	{"serving", weir_takeover_finish},
	{},
};

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Routes files: hosts come out sorted, once each, with containers that can be connected to; and what
 * was read, written as live changes keep it, reads the same.
 */
#include "config/parse.h"
#include "fuzz.h"
#include "routes/changes.h"

static void check_route(const struct weir_route *route)
{
	fuzz_check(route->app && *route->app && route->origin.line);
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++) {
		fuzz_check(route->containers_count[protocol] <= WEIR_CONTAINERS_MAX);
		for (size_t i = 0; i < route->containers_count[protocol]; i++)
			fuzz_check(route->containers[protocol][i].port);
	}
}

static void check_order(const struct weir_routes *routes)
{
	for (size_t i = 1; i < routes->count; i++) {
		const char *before = routes->items[i - 1].host, *host = routes->items[i].host;

		fuzz_check(host && (!before || strcmp(before, host) < 0));
	}
}

static char *write_routes(const struct weir_routes *routes, size_t *ret_size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, ret_size);

	fuzz_check(to);
	for (size_t i = 0; i < routes->count; i++) {
		char *value = weir_route_value(&routes->items[i]);

		fuzz_check(value);
		fprintf(to, "%s %s\n", routes->items[i].host ?: "default", value);
		free(value);
	}
	fclose(to);
	return text;
}

static void check_same(const struct weir_route *a, const struct weir_route *b)
{
	fuzz_check(!a->host == !b->host && (!a->host || !strcmp(a->host, b->host)));
	fuzz_check(!strcmp(a->app, b->app));
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++) {
		fuzz_check(a->containers_count[protocol] == b->containers_count[protocol]);
		fuzz_check(!a->containers_count[protocol] ||
			   a->preface[protocol] == b->preface[protocol]);
		for (size_t i = 0; i < a->containers_count[protocol]; i++)
			fuzz_check(a->containers[protocol][i].address ==
					   b->containers[protocol][i].address &&
				   a->containers[protocol][i].port ==
					   b->containers[protocol][i].port);
	}
}

static void check_again(const struct weir_routes *routes)
{
	struct weir_diags diags = {0};
	struct weir_routes again = {0};
	size_t size;
	char *text = write_routes(routes, &size);

	fuzz_check(!weir_routes_parse("again", text, size, &diags, &again));
	fuzz_check(!weir_routes_finish(&again, &diags) && !diags.count);
	fuzz_check(again.count == routes->count);
	for (size_t i = 0; i < routes->count; i++)
		check_same(&routes->items[i], &again.items[i]);
	weir_routes_done(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_diags diags = {0};
	struct weir_routes routes = {0};
	int r = weir_routes_parse("routes", bytes, size, &diags, &routes);

	if (!r)
		r = weir_routes_finish(&routes, &diags);
	fuzz_check_told(r, &diags);
	if (!r) {
		check_order(&routes);
		check_again(&routes);
	}
	for (size_t i = 0; !r && i < routes.count; i++)
		check_route(&routes.items[i]);
	weir_routes_done(&routes);
	weir_diags_done(&diags);
	free(bytes);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes files: hosts come out sorted, once each, with containers that can be connected to. */
#include "config/parse.h"
#include "fuzz.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_diags diags = {0};
	struct weir_routes routes = {0};
	int r = weir_routes_parse("routes", bytes, size, &diags, &routes);

	if (!r)
		r = weir_routes_finish(&routes, &diags);
	fuzz_check_told(r, &diags);
	if (!r)
		check_order(&routes);
	for (size_t i = 0; !r && i < routes.count; i++)
		check_route(&routes.items[i]);
	weir_routes_done(&routes);
	weir_diags_done(&diags);
	free(bytes);
	return 0;
}

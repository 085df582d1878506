/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All routes files together: read, then sorted once by host, each host once. A million routes cost
 * a sort and a few hundred allocations.
 */
#include <endian.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/parse.h"

/* What a comparison needs in one place: most end within the first 16 bytes of the name. */
struct key {
	__u64 head[2]; /* the host's first bytes, as numbers that order as they do */
	__u32 index;
};

static struct key key_of(const char *host, __u32 index)
{
	struct key key = {.index = index};

	if (host)
		memcpy(key.head, host, strnlen(host, sizeof(key.head)));
	key.head[0] = be64toh(key.head[0]);
	key.head[1] = be64toh(key.head[1]);
	return key;
}

static int key_compare(const void *a, const void *b, void *items)
{
	const struct key *x = a, *y = b;
	const char *s, *t;
	int order;

	for (int i = 0; i < 2; i++)
		if (x->head[i] != y->head[i])
			return x->head[i] < y->head[i] ? -1 : 1;
	s = ((const struct weir_route *)items)[x->index].host;
	t = ((const struct weir_route *)items)[y->index].host;
	order = s && t ? strcmp(s, t) : 0;
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool is_same_host(const struct weir_route *a, const struct weir_route *b)
{
	return a->host && b->host ? !strcmp(a->host, b->host) : a->host == b->host;
}

static int duplicates_report(const struct weir_routes *routes, struct weir_diags *diags)
{
	const struct weir_route *first = routes->items;
	int failed = 0;

	for (size_t i = 1; i < routes->count; i++) {
		const struct weir_route *route = &routes->items[i];

		if (!is_same_host(first, route))
			first = route;
		else
			failed = weir_diags_error(diags, route->origin.path, route->origin.line, 1,
						  "'%s' is at %s:%u already",
						  route->host ? route->host : "default",
						  first->origin.path, first->origin.line);
	}
	return failed;
}

int weir_routes_finish(struct weir_routes *routes, struct weir_diags *diags)
{
	_cleanup_free_ struct key *keys = calloc(routes->count, sizeof(*keys));
	struct weir_route *sorted = calloc(routes->count, sizeof(*sorted));

	if (routes->count && (!keys || !sorted)) {
		free(sorted);
		return weir_no_memory(diags, NULL);
	}
	for (size_t i = 0; i < routes->count; i++)
		keys[i] = key_of(routes->items[i].host, i);
	qsort_r(keys, routes->count, sizeof(*keys), key_compare, routes->items);
	for (size_t i = 0; i < routes->count; i++)
		sorted[i] = routes->items[keys[i].index];
	free(routes->items);
	routes->items = sorted;
	return duplicates_report(routes, diags);
}

int weir_routes_load(char *const *paths, size_t count, struct weir_diags *diags,
		     struct weir_routes *ret_routes)
{
	_cleanup_(weir_routes_done) struct weir_routes routes = {0};
	int r, failed = 0;

	for (size_t i = 0; i < count; i++) {
		_cleanup_file_ struct weir_file file = {0};

		r = weir_file_read_text(paths[i], WEIR_ROUTES_BYTES_MAX, diags, &file);
		if (!r)
			r = weir_routes_parse(paths[i], file.bytes, file.size, diags, &routes);
		failed = failed ? failed : r;
	}
	r = weir_routes_finish(&routes, diags);
	failed = failed ? failed : r;
	if (failed)
		return failed;
	*ret_routes = routes;
	routes = (struct weir_routes){0};
	return 0;
}

void weir_routes_done(struct weir_routes *routes)
{
	for (size_t i = 0; i < routes->paths_count; i++)
		free(routes->paths[i]);
	free(routes->paths);
	free(routes->items);
	weir_arena_done(&routes->arena);
	*routes = (struct weir_routes){0};
}

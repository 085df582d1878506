/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operator's routes -> a route table that is complete before anybody sees it.
 *
 * What the table before, or the one below, has of a container, an app's account and a pool's turn is
 * taken over ("interned"): looked up first, made anew only where there is none. All memory is
 * allocated at its final size first, so that pointers into it stay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "proxy/table.h"

/* What a build knows besides the table. */
struct build {
	struct weir_table *table;
	const struct weir_table *before;
	__u64 bytes_per_s, burst_bytes;
};

/* The table's container, from the table itself, from the one before, or new. NULL: no memory. */
static struct weir_container_state *intern_container(struct build *build, const char *app,
						     const struct weir_container *from)
{
	struct weir_table *table = build->table;
	struct weir_container_state *container = weir_table_own_container(table, app, from->address,
									  from->port);

	if (container)
		return container;
	container = weir_table_container(table->base, app, from->address, from->port);
	if (!container)
		container = weir_table_container(build->before, app, from->address, from->port);
	container = container ? weir_container_ref(container)
			      : weir_container_new(app, from->address, from->port,
						   build->bytes_per_s, build->burst_bytes);
	if (!container)
		return NULL;
	weir_table_add_container(table, container);
	return container;
}

static const char *app_of(const struct weir_route *route)
{
	return route->app ? route->app : route->host ? route->host : "default";
}

static __u64 hash_pool(const struct weir_table *table, const char *app, enum weir_protocol protocol)
{
	return weir_hash(&table->key, app, strlen(app)) + protocol;
}

/* Has it exactly the route's containers, and what connections to them begin with? */
static bool is_of_route(const struct weir_pool *pool, const struct weir_route *route)
{
	const struct weir_container *containers = route->containers[pool->protocol];

	if (pool->count != route->containers_count[pool->protocol] ||
	    pool->preface != route->preface[pool->protocol])
		return false;
	for (size_t i = 0; i < pool->count; i++)
		if (!weir_container_is_at(pool->containers[i], containers[i].address,
					  containers[i].port))
			return false;
	return true;
}

/* A pool of this app and protocol, and of `route` if it is not NULL; -1: none. */
static long find_own_pool(const struct weir_table *table, const char *app,
			  enum weir_protocol protocol, const struct weir_route *route)
{
	__u64 hash = hash_pool(table, app, protocol), cursor = hash;
	long item;

	while ((item = weir_index_next(&table->pools_index, hash, &cursor)) >= 0) {
		const struct weir_pool *pool = &table->pools[item];

		if (pool->protocol == protocol && !strcmp(pool->app, app) &&
		    (!route || is_of_route(pool, route)))
			return item;
	}
	return -1;
}

/* The same in a table or the one below: the pool's number as the table's entries have it. */
static long find_pool(const struct weir_table *table, const char *app, enum weir_protocol protocol,
		      const struct weir_route *route)
{
	long number = table ? find_own_pool(table, app, protocol, route) : -1;

	if (number < 0 && table && table->base) {
		number = find_own_pool(table->base, app, protocol, route);
		number = number < 0 ? number : number | WEIR_POOL_OF_BASE;
	}
	return number;
}

static struct weir_account *find_account(const struct weir_table *table, const char *app)
{
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++) {
		long number = find_pool(table, app, protocol, NULL);

		if (number >= 0)
			return weir_table_pool(table, number)->account;
	}
	return NULL;
}

/* With a reference for the pool: one of the table's, of the one before, or new. NULL: no memory. */
static struct weir_account *intern_account(struct build *build, const char *app)
{
	struct weir_account *account = find_account(build->table, app);

	if (!account)
		account = find_account(build->before, app);
	return account ? weir_account_ref(account) : weir_account_new(app);
}

static int fill_pool(struct build *build, struct weir_pool *pool, const struct weir_route *route)
{
	size_t count = route->containers_count[pool->protocol];

	if (!count)
		return 0;
	pool->containers = calloc(count, sizeof(void *));
	if (!pool->containers)
		return -ENOMEM;
	for (; pool->count < count; pool->count++) {
		const struct weir_container *from = &route->containers[pool->protocol][pool->count];
		struct weir_container_state *container = intern_container(build, pool->app, from);

		if (!container)
			return -ENOMEM;
		pool->containers[pool->count] = container;
	}
	return 0;
}

/* Each container's turn goes on where it was. */
static __u32 turn_before(const struct build *build, const char *app, enum weir_protocol protocol)
{
	long number = find_pool(build->before, app, protocol, NULL);

	return number < 0 ? 0
			  : __atomic_load_n(&weir_table_pool(build->before, number)->turn,
					    __ATOMIC_RELAXED);
}

/* Returns the pool's number or -ENOMEM. */
static long intern_pool(struct build *build, const struct weir_route *route,
			enum weir_protocol protocol)
{
	struct weir_table *table = build->table;
	const char *app = app_of(route);
	long number = find_pool(table, app, protocol, route);
	struct weir_account *account;
	struct weir_pool *pool;

	if (number >= 0)
		return number;
	account = intern_account(build, app);
	if (!account)
		return -ENOMEM;
	number = table->pools_count++;
	pool = &table->pools[number];
	*pool = (struct weir_pool){.app = account->app,
				   .account = account,
				   .protocol = protocol,
				   .preface = route->preface[protocol],
				   .turn = turn_before(build, app, protocol)};
	weir_index_add(&table->pools_index, hash_pool(table, app, protocol), number);
	return fill_pool(build, pool, route) ? -ENOMEM : number;
}

static int add_entry(struct build *build, const struct weir_route *route, size_t *names_size)
{
	struct weir_table *table = build->table;
	struct weir_table_entry *entry = &table->entries[table->entries_count];
	size_t size = route->host ? strlen(route->host) : 0;

	entry->is_gone = route->is_gone;
	for (int protocol = WEIR_HTTP; !route->is_gone && protocol <= WEIR_TLS; protocol++) {
		long pool = intern_pool(build, route, protocol);

		if (pool < 0)
			return pool;
		entry->pools[protocol] = pool;
	}
	if (route->host) {
		memcpy(table->names + *names_size, route->host, size);
		entry->name_at = *names_size;
		entry->name_size = size;
		*names_size += size;
		weir_index_add(&table->names_index, weir_hash(&table->key, route->host, size),
			       table->entries_count);
		table->offers_count += !strncmp(route->host, WEIR_ROUTE_ALPN,
						strlen(WEIR_ROUTE_ALPN));
	} else {
		table->default_entry = table->entries_count;
	}
	table->entries_count++;
	return 0;
}

static int allocate(struct weir_table *table, const struct weir_routes *routes)
{
	size_t names = 0, containers = 0;

	for (size_t i = 0; i < routes->count; i++) {
		names += routes->items[i].host ? strlen(routes->items[i].host) : 0;
		containers += routes->items[i].containers_count[0] +
			      routes->items[i].containers_count[1];
	}
	if (names >> 32 || routes->count >> 31 || containers >> 31)
		return -EOVERFLOW;
	table->names = malloc(names + 1);
	table->entries = calloc(routes->count + 1, sizeof(*table->entries));
	table->pools = calloc(routes->count * 2 + 1, sizeof(*table->pools));
	table->containers = calloc(containers + 1, sizeof(void *));
	if (!table->names || !table->entries || !table->pools || !table->containers)
		return -ENOMEM;
	return weir_index_init(&table->names_index, routes->count) ?:
	       weir_index_init(&table->pools_index, routes->count * 2) ?:
	       weir_index_init(&table->containers_index, containers);
}

static int table_new(const struct weir_routes *routes, struct weir_table *base,
		     const struct weir_table *before, __u64 bytes_per_s, __u64 burst_bytes,
		     struct weir_table **ret_table)
{
	_cleanup_(weir_table_unref) struct weir_table *table = calloc(1, sizeof(*table));
	struct build build = {table, before, bytes_per_s, burst_bytes};
	size_t names_size = 0;
	int r;

	if (!table)
		return -ENOMEM;
	table->references = 1;
	table->default_entry = -1;
	if (base) {
		table->base = weir_table_ref(base);
		table->offers_count = base->offers_count;
	}
	/* One key for all tables of a process: what hashes to where must not show across reloads. */
	if (base || before)
		table->key = (base ?: before)->key;
	else if (getrandom(&table->key, sizeof(table->key), 0) != sizeof(table->key))
		return -errno;
	r = allocate(table, routes);
	for (size_t i = 0; !r && i < routes->count; i++)
		r = add_entry(&build, &routes->items[i], &names_size);
	if (r)
		return r;
	*ret_table = take_pointer(table);
	return 0;
}

int weir_table_new(const struct weir_routes *routes, const struct weir_table *before,
		   __u64 bytes_per_s, __u64 burst_bytes, struct weir_table **ret_table)
{
	return table_new(routes, NULL, before, bytes_per_s, burst_bytes, ret_table);
}

int weir_table_overlay(struct weir_table *base, const struct weir_routes *live,
		       const struct weir_table *before, __u64 bytes_per_s, __u64 burst_bytes,
		       struct weir_table **ret_table)
{
	return table_new(live, base, before, bytes_per_s, burst_bytes, ret_table);
}

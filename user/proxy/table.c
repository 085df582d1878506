/* SPDX-License-Identifier: GPL-2.0-only */
/* The route table: finding a name's pool, whose turn it is, and what holds for containers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proxy/table.h"

static void table_free(struct weir_table *table)
{
	for (size_t i = 0; i < table->pools_count; i++) {
		free(table->pools[i].containers);
		weir_account_unref(&table->pools[i].account);
	}
	for (size_t i = 0; i < table->containers_count; i++)
		weir_container_unref(&table->containers[i]);
	weir_index_done(&table->names_index);
	weir_index_done(&table->pools_index);
	weir_index_done(&table->containers_index);
	weir_table_unref(&table->base);
	free(table->containers);
	free(table->entries);
	free(table->pools);
	free(table->names);
	free(table);
}

void weir_table_unref(struct weir_table **table)
{
	struct weir_table *old = take_pointer(*table);

	if (old && !__atomic_sub_fetch(&old->references, 1, __ATOMIC_ACQ_REL))
		table_free(old);
}

static const struct weir_table_entry *find_own(const struct weir_table *table, __u64 hash,
					       const char *name, size_t size)
{
	__u64 cursor = hash;
	long item;

	while ((item = weir_index_next(&table->names_index, hash, &cursor)) >= 0) {
		const struct weir_table_entry *entry = &table->entries[item];

		if (entry->name_size == size && !memcmp(table->names + entry->name_at, name, size))
			return entry;
	}
	return NULL;
}

/* The pool of an entry of this table; NULL: none, or the route was taken out. */
static struct weir_pool *pool_of(const struct weir_table *table,
				 const struct weir_table_entry *entry, enum weir_protocol protocol)
{
	return entry && !entry->is_gone ? weir_table_pool(table, entry->pools[protocol]) : NULL;
}

/* Of the table, or, where that says nothing of the name, of the one below. */
static struct weir_pool *find_exactly(const struct weir_table *table, const char *name, size_t size,
				      enum weir_protocol protocol)
{
	__u64 hash = weir_hash(&table->key, name, size);
	const struct weir_table_entry *entry = find_own(table, hash, name, size);

	if (!entry && table->base) {
		table = table->base;
		entry = find_own(table, hash, name, size);
	}
	return pool_of(table, entry, protocol);
}

static struct weir_pool *find_wildcard(const struct weir_table *table, const char *name,
				       size_t size, enum weir_protocol protocol)
{
	const char *dot = memchr(name, '.', size);
	char wildcard[256];
	size_t rest = dot ? size - (dot - name) : 0;

	if (!dot || rest + 1 > sizeof(wildcard))
		return NULL;
	wildcard[0] = '*';
	memcpy(wildcard + 1, dot, rest);
	return find_exactly(table, wildcard, rest + 1, protocol);
}

static struct weir_pool *find_default(const struct weir_table *table, enum weir_protocol protocol)
{
	if (table->default_entry < 0 && table->base)
		table = table->base;
	return table->default_entry < 0
		       ? NULL
		       : pool_of(table, &table->entries[table->default_entry], protocol);
}

struct weir_pool *weir_table_find(const struct weir_table *table, const char *name, size_t size,
				  enum weir_protocol protocol)
{
	struct weir_pool *pool = size ? find_exactly(table, name, size, protocol) : NULL;

	if (!pool && size)
		pool = find_wildcard(table, name, size, protocol);
	return pool ?: find_default(table, protocol);
}

struct weir_pool *weir_table_find_offer(const struct weir_table *table,
					const struct weir_hello *hello)
{
	char name[sizeof(WEIR_ROUTE_ALPN) + WEIR_HELLO_ALPN_MAX] = WEIR_ROUTE_ALPN;
	const size_t start = strlen(WEIR_ROUTE_ALPN);

	for (size_t at = 0; table->offers_count && at < hello->alpn_size;) {
		size_t size = hello->alpn[at];
		struct weir_pool *pool;

		memcpy(name + start, hello->alpn + at + 1, size);
		pool = find_exactly(table, name, start + size, WEIR_TLS);
		if (pool)
			return pool;
		at += size + 1;
	}
	return NULL;
}

int weir_pool_pick(struct weir_pool *pool, __u64 now_ns, __u32 connections_max,
		   const struct weir_container_state *except,
		   struct weir_container_state **ret_container)
{
	__u32 turn = 0;
	int r = -ENOENT;

	/* Other workers take turns meanwhile, and may leave only bad ones to this: then all are asked. */
	for (__u32 tries = 0; tries < 2 * pool->count; tries++) {
		struct weir_container_state *container;

		turn = tries < pool->count ? __atomic_fetch_add(&pool->turn, 1, __ATOMIC_RELAXED)
					   : turn + 1;
		container = pool->containers[turn % pool->count];

		if (weir_container_is_drained(container))
			continue;
		r = r == -ENOENT ? -EHOSTDOWN : r;
		if (container == except || weir_container_is_quarantined(container, now_ns))
			continue;
		if (weir_container_enter(container, connections_max)) {
			*ret_container = container;
			return 0;
		}
		r = -EUSERS;
	}
	return r;
}

/* ---- rules of containers --------------------------------------------------------------- */

static int compare_rules(const void *a, const void *b)
{
	const struct weir_container_rule *x = a, *y = b;

	if (x->is_drain != y->is_drain)
		return x->is_drain - y->is_drain;
	if (!x->app != !y->app)
		return !x->app - !y->app;
	if (x->app)
		return strcmp(x->app, y->app);
	if (x->container.address != y->container.address)
		return x->container.address < y->container.address ? -1 : 1;
	return x->container.port - y->container.port;
}

void weir_rules_sort(struct weir_rules *rules)
{
	if (rules->count)
		qsort(rules->items, rules->count, sizeof(*rules->items), compare_rules);
}

static const struct weir_container_rule *find_rule(const struct weir_rules *rules,
						   struct weir_container_rule wanted)
{
	return bsearch(&wanted, rules->items, rules->count, sizeof(wanted), compare_rules);
}

static void apply_rules(struct weir_container_state *container, const struct weir_rules *rules,
			__u64 now_ns)
{
	struct weir_container_rule wanted = {
		.container = {ntohl(container->address.sin_addr.s_addr),
			      ntohs(container->address.sin_port)}};
	const struct weir_container_rule *rate = NULL, *drain = NULL;

	if (rules->count) {
		rate = find_rule(rules, wanted)
			       ?: find_rule(rules,
					    (struct weir_container_rule){.app = container->app});
		wanted.is_drain = true;
		drain = find_rule(rules, wanted);
	}
	weir_container_drain(container, drain != NULL);
	weir_container_set_rate(container, rate ? rate->bytes_per_s : rules->bytes_per_s,
				rate ? rate->burst_bytes : rules->burst_bytes, now_ns);
}

void weir_table_apply(const struct weir_table *table, const struct weir_rules *rules,
		      bool with_base, __u64 now_ns)
{
	for (; table; table = with_base ? table->base : NULL)
		for (size_t i = 0; i < table->containers_count; i++)
			apply_rules(table->containers[i], rules, now_ns);
}

/* ---- what a table has ------------------------------------------------------------------ */

bool weir_table_has_app(const struct weir_table *table, const char *app)
{
	for (; table; table = table->base)
		for (size_t i = 0; i < table->containers_count; i++)
			if (!strcmp(table->containers[i]->app, app))
				return true;
	return false;
}

bool weir_table_is_above(const struct weir_table *top, const struct weir_table *below,
			 const struct weir_container_state *container)
{
	__u32 address = ntohl(container->address.sin_addr.s_addr);

	for (; top != below; top = top->base)
		if (weir_table_own_container(top, container->app, address,
					     ntohs(container->address.sin_port)))
			return true;
	return false;
}

size_t weir_table_connections(const struct weir_table *table, struct weir_container container,
			      __u64 *ret_connections)
{
	const struct weir_table *top = table;
	__u64 connections = 0;
	size_t count = 0;

	for (; table; table = table->base)
		for (size_t i = 0; i < table->containers_count; i++) {
			const struct weir_container_state *state = table->containers[i];

			if (ntohl(state->address.sin_addr.s_addr) != container.address ||
			    ntohs(state->address.sin_port) != container.port ||
			    weir_table_is_above(top, table, state))
				continue;
			count++;
			connections += __atomic_load_n(&state->connections, __ATOMIC_RELAXED);
		}
	*ret_connections = connections;
	return count;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The route table as workers ask it: which pool is this name's, and whose turn is it there?
 *
 * Exact name, then wildcard, then default, each first of the table and then of its base. The table
 * itself is only read; a turn is one atomic increment, so that workers share it without a lock.
 */
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

	/* Other workers take turns, too, and may leave only bad ones to this: then all are asked. */
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

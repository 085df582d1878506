/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The containers that a table knows: is this one of them, and what has it to do?
 *
 * A table and its base may both name a container; its state is one and the same in both. Who goes
 * through all tables counts it where it is named first, from the top.
 */
#include <string.h>

#include "proxy/table.h"

static __u64 hash_container(const struct weir_table *table, const char *app, __u32 address,
			    __u16 port)
{
	__u64 hash = weir_hash(&table->key, app, strlen(app));

	return hash ^ (((__u64)address << 16 | port) * 0x9e3779b97f4a7c15ULL);
}

struct weir_container_state *weir_table_own_container(const struct weir_table *table,
						      const char *app, __u32 address, __u16 port)
{
	__u64 hash = hash_container(table, app, address, port), cursor = hash;
	long item;

	while ((item = weir_index_next(&table->containers_index, hash, &cursor)) >= 0) {
		struct weir_container_state *container = table->containers[item];

		if (weir_container_is_at(container, address, port) && !strcmp(container->app, app))
			return container;
	}
	return NULL;
}

struct weir_container_state *weir_table_container(const struct weir_table *table, const char *app,
						  __u32 address, __u16 port)
{
	struct weir_container_state *container = NULL;

	for (; table && !container; table = table->base)
		container = weir_table_own_container(table, app, address, port);
	return container;
}

void weir_table_add_container(struct weir_table *table, struct weir_container_state *container)
{
	__u64 hash = hash_container(table, container->app,
				    ntohl(container->address.sin_addr.s_addr),
				    ntohs(container->address.sin_port));

	weir_index_add(&table->containers_index, hash, table->containers_count);
	table->containers[table->containers_count++] = container;
}

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

			if (!weir_container_is_at(state, container.address, container.port) ||
			    weir_table_is_above(top, table, state))
				continue;
			count++;
			connections += __atomic_load_n(&state->connections, __ATOMIC_RELAXED);
		}
	*ret_connections = connections;
	return count;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The route table: host name -> app -> its containers, strictly in turn.
 *
 *   name --hash--> entry --> app --> pool of HTTP -> container, container, ...
 *                                \-> pool of TLS  -> container, ...
 *
 * A table may lie over another one, its base, and then holds only what live changes say. Immutable
 * once built, except for the turn of each pool; reference-counted and replaced whole. A table built
 * after another one takes over its containers' states, its pools' turns and its apps' accounts.
 */
#ifndef WEIR_PROXY_TABLE_H
#define WEIR_PROXY_TABLE_H

#include "config/config.h"
#include "proxy/account.h"
#include "proxy/container.h"
#include "proxy/index.h"
#include "sniff/hello.h"

/* An app's containers for one protocol. Routes of one app with the same containers share it. */
struct weir_pool {
	__u32 turn;
	__u32 count;
	const char *app; /* the account's */
	struct weir_account *account;
	enum weir_protocol protocol;
	enum weir_preface_version preface; /* what each connection to them begins with */
	struct weir_container_state **containers;
};

struct weir_table_entry {
	__u32 name_at; /* in names */
	__u32 name_size;
	__u32 pools[2]; /* by enum weir_protocol; with WEIR_POOL_OF_BASE, the base's */
	bool is_gone;   /* a live change has taken it out: the base's is not asked */
};

#define WEIR_POOL_OF_BASE (1U << 31)

struct weir_table {
	__u32 references;
	struct weir_table *base; /* asked for what this table does not say; NULL: none */
	struct weir_hash_key key;
	struct weir_index names_index;
	struct weir_table_entry *entries;
	size_t entries_count;
	long default_entry;  /* -1: none */
	size_t offers_count; /* routes by a TLS protocol */
	char *names;
	struct weir_index pools_index, containers_index;
	struct weir_pool *pools;
	size_t pools_count;
	struct weir_container_state **containers;
	size_t containers_count;
};

/* ---- table.c --------------------------------------------------------------------------- */

/* One reference more, for the caller. */
static inline struct weir_table *weir_table_ref(struct weir_table *table)
{
	__atomic_add_fetch(&table->references, 1, __ATOMIC_RELAXED);
	return table;
}

/* Give a reference back; the last frees it. Nulls the pointer, accepts NULL. */
void weir_table_unref(struct weir_table **table);

/* The pool of this number, as entries have it. */
static inline struct weir_pool *weir_table_pool(const struct weir_table *table, __u32 number)
{
	return number & WEIR_POOL_OF_BASE ? &table->base->pools[number & ~WEIR_POOL_OF_BASE]
					  : &table->pools[number];
}

/*
 * The pool of a normalised name: the exact name, else the wildcard that covers its first label,
 * else the default route, which alone serves size 0. NULL when there is none.
 */
struct weir_pool *weir_table_find(const struct weir_table *table, const char *name, size_t size,
				  enum weir_protocol protocol);

/* The pool of the first protocol that the hello offers and that has a route; NULL: none. */
struct weir_pool *weir_table_find_offer(const struct weir_table *table,
					const struct weir_hello *hello);

/*
 * Whose turn is it? Each container in its turn, leaving out those drained, in quarantine, `except`
 * (may be NULL), which just failed, and those that have `connections_max` connections (0: no
 * limit).
 * Returns 0, and then the container counts the connection until weir_container_leave; -ENOENT when
 * the pool is empty or drained; -EUSERS when one was left out because it is full; -EHOSTDOWN when
 * nobody is left.
 */
int weir_pool_pick(struct weir_pool *pool, __u64 now_ns, __u32 connections_max,
		   const struct weir_container_state *except,
		   struct weir_container_state **ret_container);

/* ---- table_build.c --------------------------------------------------------------------- */

/*
 * Build a table with one reference. `before`, which may be NULL, is the one in force. Containers that
 * are new get this rate and burst; 0 bytes per second: no limit.
 * Returns 0, -ENOMEM, or -EOVERFLOW for names of over 4 GB in all.
 */
int weir_table_new(const struct weir_routes *routes, const struct weir_table *before,
		   __u64 bytes_per_s, __u64 burst_bytes, struct weir_table **ret_table);

/*
 * A table of live routes over `base`, which has none itself: what `live` does not name, `base`
 * answers. Costs what `live` costs, however large the base is. Returns as weir_table_new.
 */
int weir_table_overlay(struct weir_table *base, const struct weir_routes *live,
		       const struct weir_table *before, __u64 bytes_per_s, __u64 burst_bytes,
		       struct weir_table **ret_table);

/* ---- table_containers.c ---------------------------------------------------------------- */

/* The state of a container of an app, or NULL: not in this table. Address and port: host order. */
struct weir_container_state *weir_table_container(const struct weir_table *table, const char *app,
						  __u32 address, __u16 port);

/* The same, but only where the table names it itself, not its base. */
struct weir_container_state *weir_table_own_container(const struct weir_table *table,
						      const char *app, __u32 address, __u16 port);

/* Add a container that the table does not name yet; the table takes over a reference. */
void weir_table_add_container(struct weir_table *table, struct weir_container_state *container);

/* Has one of the tables above `below`, from `top` down, this container as well? */
bool weir_table_is_above(const struct weir_table *top, const struct weir_table *below,
			 const struct weir_container_state *container);

/* Has the app a container? */
bool weir_table_has_app(const struct weir_table *table, const char *app);

/* For how many apps is this a container, and how many connections carry something to it now? */
size_t weir_table_connections(const struct weir_table *table, struct weir_container container,
			      __u64 *ret_connections);

/* ---- table_rules.c --------------------------------------------------------------------- */

/* What holds for one container, or for each of an app's, other than by default. */
struct weir_container_rule {
	const char *app; /* NULL: for `container` */
	struct weir_container container;
	bool is_drain; /* nothing new for it; else a rate of its own */
	__u64 bytes_per_s, burst_bytes;
};

struct weir_rules {
	struct weir_container_rule *items; /* sorted by weir_rules_sort */
	size_t count;
	__u64 bytes_per_s, burst_bytes; /* where none says otherwise */
};

/* Put them into the order that weir_table_apply needs. */
void weir_rules_sort(struct weir_rules *rules);

/*
 * Let these rules, and no others, hold for all containers of the table; without the base, for
 * those that it names itself. One thread at a time.
 */
void weir_table_apply(const struct weir_table *table, const struct weir_rules *rules,
		      bool with_base, __u64 now_ns);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Workers, the route table and its accounts -> struct weir_proxy_snapshot: how is the proxy now?
 *
 * Rows of apps point into the table, of which the snapshot holds a reference. An app is one row,
 * however many pools and tables name it; beyond the most that may be told apart, the least busy are
 * added up.
 */
#include "proxy/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "proxy/proxy.h"

static __u64 load(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* ---- workers --------------------------------------------------------------------------- */

static struct weir_worker_row worker_row(const struct weir_worker *worker)
{
	struct weir_worker_row row = {
		.connections = __atomic_load_n(&worker->conns_count, __ATOMIC_RELAXED)};
	struct timespec used;
	clockid_t clock;

	if (worker->has_thread && !pthread_getcpuclockid(worker->thread, &clock) &&
	    !clock_gettime(clock, &used))
		row.cpu_ns = weir_timespec_ns(&used);
	return row;
}

static int take_workers(const struct weir_proxy *proxy, struct weir_proxy_snapshot *snapshot)
{
	struct weir_counters totals;

	snapshot->workers = calloc(proxy->workers_count, sizeof(*snapshot->workers));
	if (!snapshot->workers)
		return -ENOMEM;
	for (; snapshot->workers_count < proxy->workers_count; snapshot->workers_count++)
		snapshot->workers[snapshot->workers_count] = worker_row(
			&proxy->workers[snapshot->workers_count]);
	weir_proxy_counters(proxy, &totals);
	snapshot->connections = totals.connections;
	snapshot->requests = totals.requests;
	memcpy(snapshot->endings, totals.endings, sizeof(snapshot->endings));
	for (unsigned int i = 0; proxy->log.rings && i < proxy->log.rings_count; i++)
		snapshot->log_lines_lost += load(&proxy->log.rings[i].lost);
	return 0;
}

/* ---- apps ------------------------------------------------------------------------------ */

static struct weir_app_row app_row(const struct weir_account *account)
{
	struct weir_app_row row = {.app = account->app,
				   .open = __atomic_load_n(&account->open, __ATOMIC_RELAXED),
				   .connections = load(&account->connections)};

	for (int i = 0; i < WEIR_STATUS_CLASSES; i++)
		row.requests[i] = load(&account->requests[i]);
	for (int i = WEIR_UP; i <= WEIR_DOWN; i++)
		row.bytes[i] = load(&account->bytes[i]);
	return row;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct weir_app_row *)a)->app, ((const struct weir_app_row *)b)->app);
}

static __u64 busyness(const struct weir_app_row *row)
{
	__u64 sum = row->connections;

	for (int i = 0; i < WEIR_STATUS_CLASSES; i++)
		sum += row->requests[i];
	return sum;
}

static int by_busyness(const void *a, const void *b)
{
	__u64 x = busyness(a), y = busyness(b);

	return x != y ? (x < y) - (x > y) : by_name(a, b);
}

/* A row for each app, by name. Pools of an app have one account. */
static int take_apps(const struct weir_table *table, struct weir_proxy_snapshot *snapshot)
{
	size_t pools = table->pools_count + (table->base ? table->base->pools_count : 0), count = 0;
	struct weir_app_row *apps = calloc(pools ?: 1, sizeof(*apps));

	if (!apps)
		return -ENOMEM;
	pools = 0;
	for (; table; table = table->base)
		for (size_t i = 0; i < table->pools_count; i++)
			apps[pools++] = app_row(table->pools[i].account);
	if (pools)
		qsort(apps, pools, sizeof(*apps), by_name);
	for (size_t i = 0; i < pools; i++)
		if (!count || strcmp(apps[count - 1].app, apps[i].app) != 0)
			apps[count++] = apps[i];
	snapshot->apps = apps;
	snapshot->apps_count = count;
	return 0;
}

static void count_container(const struct weir_container_state *container, __u64 now_ns,
			    struct weir_proxy_snapshot *snapshot)
{
	const struct weir_app_row key = {.app = container->app};
	struct weir_app_row *row = bsearch(&key, snapshot->apps, snapshot->apps_count, sizeof(key),
					   by_name);

	if (!row)
		return;
	row->containers++;
	row->quarantined += weir_container_is_quarantined(container, now_ns);
}

static void count_containers(const struct weir_table *top, struct weir_proxy_snapshot *snapshot)
{
	__u64 now_ns = weir_monotonic_ns();

	for (const struct weir_table *table = top; table; table = table->base)
		for (size_t i = 0; i < table->containers_count; i++)
			if (!weir_table_is_above(top, table, table->containers[i]))
				count_container(table->containers[i], now_ns, snapshot);
}

static void add_up(struct weir_app_row *sum, const struct weir_app_row *row)
{
	sum->open += row->open;
	sum->connections += row->connections;
	for (int i = 0; i < WEIR_STATUS_CLASSES; i++)
		sum->requests[i] += row->requests[i];
	for (int i = WEIR_UP; i <= WEIR_DOWN; i++)
		sum->bytes[i] += row->bytes[i];
	sum->containers += row->containers;
	sum->quarantined += row->quarantined;
}

static void keep_busiest(struct weir_proxy_snapshot *snapshot, size_t apps_max)
{
	if (snapshot->apps_count <= apps_max)
		return;
	qsort(snapshot->apps, snapshot->apps_count, sizeof(*snapshot->apps), by_busyness);
	for (size_t i = apps_max; i < snapshot->apps_count; i++)
		add_up(&snapshot->others, &snapshot->apps[i]);
	snapshot->others_count = snapshot->apps_count - apps_max;
	snapshot->apps_count = apps_max;
	qsort(snapshot->apps, snapshot->apps_count, sizeof(*snapshot->apps), by_name);
}

/* ---- the whole ------------------------------------------------------------------------- */

int weir_proxy_snapshot(struct weir_proxy *proxy, size_t apps_max,
			struct weir_proxy_snapshot *ret_snapshot)
{
	_cleanup_snapshot_ struct weir_proxy_snapshot snapshot = {.table = weir_proxy_table(proxy)};
	int r = take_workers(proxy, &snapshot) ?: take_apps(snapshot.table, &snapshot);

	if (r)
		return r;
	count_containers(snapshot.table, &snapshot);
	keep_busiest(&snapshot, apps_max);
	*ret_snapshot = snapshot;
	snapshot = (struct weir_proxy_snapshot){};
	return 0;
}

void weir_proxy_snapshot_done(struct weir_proxy_snapshot *snapshot)
{
	free(snapshot->workers);
	free(snapshot->apps);
	weir_table_unref(&snapshot->table);
	*snapshot = (struct weir_proxy_snapshot){};
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot of the proxy -> metric families, in Prometheus' text format.
 *
 * Apps have a label each, as many as the snapshot tells apart; the others together have an empty one.
 * Names, types and help are here and nowhere else.
 */
#include "report/proxy_metrics.h"

#include "base/cleanup.h"
#include "report/prom.h"

static const char *const ending_slugs[WEIR_ENDINGS_END] = {
#define X(id, status, alert, slug, text) [WEIR_END_##id] = #slug,
	WEIR_ENDING_LIST(X)
#undef X
};

static const char *const classes[WEIR_STATUS_CLASSES] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

static const char *const directions[2] = {"up", "down"};

static const char *name_of(const struct weir_app_row *row)
{
	return row->app ? row->app : "";
}

/* The apps told apart, then the others together if there are any. NULL past the last. */
static const struct weir_app_row *row_at(const struct weir_proxy_snapshot *snapshot, size_t i)
{
	if (i < snapshot->apps_count)
		return &snapshot->apps[i];
	return i == snapshot->apps_count && snapshot->others_count ? &snapshot->others : NULL;
}

typedef __u64 app_value(const struct weir_app_row *row);

static void put_apps(FILE *to, const struct weir_proxy_snapshot *snapshot, const char *name,
		     const char *type, const char *help, app_value *value)
{
	const struct weir_app_row *row;

	weir_prom_family(to, name, type, help);
	for (size_t i = 0; (row = row_at(snapshot, i)); i++)
		weir_prom_value(to, name, (double)value(row), "app", name_of(row), NULL);
}

static __u64 open_of(const struct weir_app_row *row)
{
	return row->open;
}

static __u64 connections_of(const struct weir_app_row *row)
{
	return row->connections;
}

static __u64 containers_of(const struct weir_app_row *row)
{
	return row->containers;
}

static __u64 quarantined_of(const struct weir_app_row *row)
{
	return row->quarantined;
}

static void put_requests(FILE *to, const struct weir_proxy_snapshot *snapshot)
{
	const struct weir_app_row *row;

	weir_prom_family(to, "weir_proxy_app_requests_total", "counter",
			 "HTTP requests that are over, by app and class of the status sent.");
	for (size_t i = 0; (row = row_at(snapshot, i)); i++)
		for (int class = 0; class < WEIR_STATUS_CLASSES; class ++)
			weir_prom_value(to, "weir_proxy_app_requests_total",
					(double)row->requests[class], "app", name_of(row), "class",
					classes[class], NULL);
}

static void put_bytes(FILE *to, const struct weir_proxy_snapshot *snapshot)
{
	const struct weir_app_row *row;

	weir_prom_family(to, "weir_proxy_app_bytes_total", "counter",
			 "Bytes from clients to the app's containers (up) and back (down).");
	for (size_t i = 0; (row = row_at(snapshot, i)); i++)
		for (int direction = 0; direction < 2; direction++)
			weir_prom_value(to, "weir_proxy_app_bytes_total",
					(double)row->bytes[direction], "app", name_of(row),
					"direction", directions[direction], NULL);
}

static void put_workers(FILE *to, const struct weir_proxy_snapshot *snapshot)
{
	char number[24];

	weir_prom_family(to, "weir_proxy_worker_connections", "gauge",
			 "Client connections that a worker holds.");
	for (size_t i = 0; i < snapshot->workers_count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		weir_prom_value(to, "weir_proxy_worker_connections",
				(double)snapshot->workers[i].connections, "worker", number, NULL);
	}
	weir_prom_family(to, "weir_proxy_worker_cpu_seconds_total", "counter",
			 "Time that a worker's thread has run for.");
	for (size_t i = 0; i < snapshot->workers_count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		weir_prom_value(to, "weir_proxy_worker_cpu_seconds_total",
				(double)snapshot->workers[i].cpu_ns / 1e9, "worker", number, NULL);
	}
}

static void put_totals(FILE *to, const struct weir_proxy_snapshot *snapshot, const char *version)
{
	weir_prom_family(to, "weir_proxy_build_info", "gauge", "The release of the proxy.");
	weir_prom_value(to, "weir_proxy_build_info", 1, "version", version, NULL);
	weir_prom_single(to, "weir_proxy_connections_total", "counter",
			 "Client connections accepted.", (double)snapshot->connections);
	weir_prom_single(to, "weir_proxy_requests_total", "counter",
			 "HTTP request heads read whole.", (double)snapshot->requests);
	weir_prom_family(to, "weir_proxy_endings_total", "counter",
			 "Requests and connections that are over, by how they ended.");
	for (int i = 1; i < WEIR_ENDINGS_END; i++)
		weir_prom_value(to, "weir_proxy_endings_total", (double)snapshot->endings[i],
				"ending", ending_slugs[i], NULL);
	weir_prom_single(to, "weir_proxy_log_lines_lost_total", "counter",
			 "Log lines not written: ring full, log_max, or a failed write.",
			 (double)snapshot->log_lines_lost);
}

char *weir_proxy_metrics_text(const struct weir_proxy_snapshot *snapshot, const char *version)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	put_totals(to, snapshot, version);
	put_workers(to, snapshot);
	weir_prom_single(to, "weir_proxy_apps", "gauge", "Apps in the route table.",
			 (double)(snapshot->apps_count + snapshot->others_count));
	put_apps(to, snapshot, "weir_proxy_app_open_connections", "gauge",
		 "Client connections whose last request named the app.", open_of);
	put_apps(to, snapshot, "weir_proxy_app_connections_total", "counter",
		 "Client connections that ever reached the app.", connections_of);
	put_requests(to, snapshot);
	put_bytes(to, snapshot);
	put_apps(to, snapshot, "weir_proxy_app_containers", "gauge",
		 "Containers of the app, each of its addresses and ports.", containers_of);
	put_apps(to, snapshot, "weir_proxy_app_quarantined_containers", "gauge",
		 "Containers of the app that are given no connections for now.", quarantined_of);
	return take_text(to, &text);
}

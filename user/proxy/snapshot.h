/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy at one moment, as values: what metrics and weir top show. Taken without a lock on the
 * data path; each number is right by itself, and all of them are of nearly the same moment.
 */
#ifndef WEIR_PROXY_SNAPSHOT_H
#define WEIR_PROXY_SNAPSHOT_H

#include <stddef.h>

#include "proxy/account.h"
#include "weir/endings.h"

struct weir_app_row {
	const char *app; /* the table's; NULL for the others together */
	__u64 open;      /* client connections at this moment */
	__u64 connections;
	__u64 requests[WEIR_STATUS_CLASSES];
	__u64 bytes[2]; /* by enum weir_direction */
	__u64 containers, quarantined;
};

struct weir_worker_row {
	__u64 connections; /* at this moment */
	__u64 cpu_ns;      /* that the thread has run for */
};

struct weir_proxy_snapshot {
	__u64 connections, requests; /* since the start, all workers */
	__u64 endings[WEIR_ENDINGS_END];
	__u64 log_lines_lost;
	struct weir_worker_row *workers;
	size_t workers_count;
	struct weir_app_row *apps; /* by name */
	size_t apps_count;
	struct weir_app_row others; /* all that are not in `apps`, added up */
	size_t others_count;
	struct weir_table *table; /* keeps the names */
};

struct weir_proxy;

/*
 * At most `apps_max` apps are told apart: those with the most connections and requests so far.
 * Returns 0 or -ENOMEM.
 */
int weir_proxy_snapshot(struct weir_proxy *proxy, size_t apps_max,
			struct weir_proxy_snapshot *ret_snapshot);
void weir_proxy_snapshot_done(struct weir_proxy_snapshot *snapshot);

#define _cleanup_snapshot_ __attribute__((cleanup(weir_proxy_snapshot_done)))

#endif

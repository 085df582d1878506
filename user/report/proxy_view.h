/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy's metrics, read back: text of its endpoint -> totals -> rates, for weir top. Pure.
 */
#ifndef WEIR_REPORT_PROXY_VIEW_H
#define WEIR_REPORT_PROXY_VIEW_H

#include <linux/types.h>
#include <stddef.h>

enum { WEIR_APP_NAME_MAX = 64, WEIR_VIEW_WORKERS_MAX = 64 };

/* What the metrics say of an app; totals since the proxy's start, or rates a second. */
struct weir_app_view {
	char app[WEIR_APP_NAME_MAX];          /* cut to fit; "" for the others together */
	double open, containers, quarantined; /* at the moment */
	double requests, up_bytes, down_bytes;
};

struct weir_proxy_view {
	struct weir_app_view *apps;
	size_t count;
	double connections;
	double workers[WEIR_VIEW_WORKERS_MAX]; /* seconds run for; as a rate, the share of a CPU */
	size_t workers_count;
};

void weir_proxy_view_done(struct weir_proxy_view *view);

/*
 * Read the text of weir_proxy_metrics_text. What it does not know it passes over.
 * Returns 0; -EINVAL: not a line of it is of the proxy's; or -ENOMEM.
 */
int weir_proxy_view_read(const char *text, struct weir_proxy_view *ret_view);

/*
 * `after`'s apps with rates in place of totals, the busiest first. A total that is less than
 * before was begun anew. Returns 0 or -ENOMEM.
 */
int weir_proxy_view_rates(const struct weir_proxy_view *before, const struct weir_proxy_view *after,
			  __u64 interval_ns, struct weir_proxy_view *ret_rates);

#endif

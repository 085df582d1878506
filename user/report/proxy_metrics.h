/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The proxy's counters as Prometheus reads them. Pure: values in, text out.
 *
 * Labels are bounded: at most as many apps as the snapshot tells apart, the rest together under
 * app="" (no app has an empty name); never a host name of a client, nor a client.
 */
#ifndef WEIR_REPORT_PROXY_METRICS_H
#define WEIR_REPORT_PROXY_METRICS_H

#include "proxy/snapshot.h"

enum { WEIR_METRICS_APPS_MAX = 1000 };

/* free(3) it; NULL when memory runs out. */
char *weir_proxy_metrics_text(const struct weir_proxy_snapshot *snapshot, const char *version);

#endif

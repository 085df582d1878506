/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate's state and counters as Prometheus reads them. Pure: values in, text out.
 *
 * Names and units follow Prometheus' conventions. Every label is bounded: reasons, destinations
 * (WEIR_DESTINATIONS_MAX), interfaces, denylists of weir.yaml; never a source address.
 */
#ifndef WEIR_REPORT_METRICS_H
#define WEIR_REPORT_METRICS_H

#include "report/counts.h"
#include "report/status.h"

struct weir_metrics_list {
	const char *name;
	size_t prefixes;
};

struct weir_metrics {
	const char *version;
	const struct weir_status *status;
	const struct weir_counts_report *counts; /* read only where the gate is loaded */
	const struct weir_metrics_list
		*lists; /* as the files have them; none: they were not read */
	size_t lists_count;
};

/* free(3) it; NULL when memory runs out. */
char *weir_metrics_text(const struct weir_metrics *metrics);

#endif

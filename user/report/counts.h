/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters as people and programs read them. Pure: values in, text out.
 */
#ifndef WEIR_REPORT_COUNTS_H
#define WEIR_REPORT_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/counts.h"

struct weir_destination_row {
	__u32 address; /* host order */
	struct weir_destination_counts counts;
};

struct weir_counts_report {
	struct weir_counts reasons; /* summed over the CPUs */
	struct weir_destination_row *destinations;
	size_t count;
};

void weir_counts_report_done(struct weir_counts_report *report);

#define _cleanup_counts_ __attribute__((cleanup(weir_counts_report_done)))

/*
 * An aligned table: reasons that passed, those that dropped, destinations. Rows of 0 are left
 * out unless `all`. free(3) it; NULL when memory runs out.
 */
char *weir_counts_table(const struct weir_counts_report *report, bool all);

/*
 * The same as JSON, every reason always there, by slug:
 *   {"reasons": {"pass_link": {"packets": 0, "bytes": 0}, ...},
 *    "passed": {"packets", "bytes"}, "dropped": {...},
 *    "destinations": [{"address", "passed": {...}, "dropped": {...}}]}
 */
char *weir_counts_json(const struct weir_counts_report *report);

#endif

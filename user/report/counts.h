/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters as people and programs read them. Pure: values in, text out.
 */
#ifndef WEIR_REPORT_COUNTS_H
#define WEIR_REPORT_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/bucket.h"
#include "weir/counts.h"

/* A destination's token bucket at one moment. */
struct weir_bucket_state {
	__u64 bytes_per_s; /* 0: no limit; the others then mean nothing */
	__u64 burst_bytes;
	__u64 tokens_bytes; /* what would pass at once: burst_bytes when the bucket is full */
};

struct weir_destination_row {
	__u32 address; /* host order */
	struct weir_destination_counts counts;
	struct weir_bucket_state bucket;
};

struct weir_counts_report {
	struct weir_counts reasons; /* summed over the CPUs */
	struct weir_destination_row *destinations;
	size_t count;
};

void weir_counts_report_done(struct weir_counts_report *report);

/* What a bucket holds at `now`; both times in units (weir/bucket.h). */
struct weir_bucket_state weir_bucket_state_at(const struct weir_rate *rate, __u64 arrival_units,
					      __u64 now_units);

/* How full the bucket is, 0 to 1; 1 without a limit. */
double weir_bucket_fill(const struct weir_bucket_state *bucket);

/* One reason's counter. */
const struct weir_count *weir_counts_of(const struct weir_counts_report *report,
					unsigned int reason);

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
 *    "destinations": [{"address", "passed": {...}, "dropped": {...}, "bucket":
 *       {"bytes_per_s", "burst_bytes", "tokens_bytes"}}]}     bucket: null without a limit
 */
char *weir_counts_json(const struct weir_counts_report *report);

#endif

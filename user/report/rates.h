/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two readings of the counters -> what happened a second in between. Pure.
 */
#ifndef WEIR_REPORT_RATES_H
#define WEIR_REPORT_RATES_H

#include "report/counts.h"

struct weir_per_s {
	double packets, bytes;
};

struct weir_destination_rates {
	__u32 address; /* host order */
	struct weir_per_s passed, dropped;
	struct weir_bucket_state bucket; /* of the later reading */
};

struct weir_rates_report {
	double interval_s;
	struct weir_per_s reasons[WEIR_REASONS_END];
	struct weir_per_s passed, dropped;
	struct weir_destination_rates *destinations; /* of the later reading, in its order */
	size_t count;
};

/*
 * A counter that is less than before was begun anew in between. `interval_ns` is more than 0.
 * Returns 0 or -ENOMEM.
 */
int weir_rates_make(const struct weir_counts_report *before, const struct weir_counts_report *after,
		    __u64 interval_ns, struct weir_rates_report *ret_rates);
void weir_rates_done(struct weir_rates_report *rates);

#define _cleanup_rates_ __attribute__((cleanup(weir_rates_done)))

/* Like the tables of counts; rows of 0 are left out unless `all`. free(3) them. */
char *weir_rates_table(const struct weir_rates_report *rates, bool all);

/*
 * One line of JSON, to be printed once an interval:
 *   {"interval_s": 1.0, "reasons": {"pass_link": {"packets_per_s": 0.0, "bytes_per_s": 0.0}, ...},
 *    "passed": {...}, "dropped": {...},
 *    "destinations": [{"address", "passed": {...}, "dropped": {...}, "bucket"}]}
 */
char *weir_rates_json(const struct weir_rates_report *rates);

enum { WEIR_NUMBER_TEXT_MAX = 16 };

/* At most 5 characters: `0`, `7.5`, `999`, `12.3k`, `1.20M`. Returns `to`. */
char *weir_number_text(double number, char to[static WEIR_NUMBER_TEXT_MAX]);

#endif

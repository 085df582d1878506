/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples of packets -> the sources that send most. Pure.
 *
 * Each sample stands for as many packets as it was thinned out by, so that the sums are estimates:
 * of a source that sends n of the sampled packets they are off by about 1 in the square root of n.
 */
#ifndef WEIR_REPORT_SOURCES_H
#define WEIR_REPORT_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/prefix.h"
#include "weir/watch.h"

enum weir_sources_order { WEIR_BY_PACKETS, WEIR_BY_SYNS, WEIR_BY_BYTES, WEIR_SOURCES_ORDERS };

struct weir_source {
	struct weir_prefix prefix;
	double packets, syns, bytes; /* a second */
	__u64 samples;
	__u32 reason; /* of the sample that came last */
};

struct weir_sources_asked {
	__u8 length; /* 24 or 32: how wide a source is */
	bool passed; /* those that pass; else those that are dropped */
	enum weir_sources_order order;
	struct weir_prefix within; /* length 0: any */
	double interval_s;         /* that the samples were taken in */
	size_t rows_max;
};

/*
 * The first rows_max sources by what was asked for, the largest first; equals by address.
 * free(3) them. Returns 0 or -ENOMEM.
 */
int weir_sources_make(const struct weir_watch_sample *samples, size_t count,
		      const struct weir_sources_asked *asked, struct weir_source **ret_sources,
		      size_t *ret_count);

/* `packets`, `syns` or `bytes`. */
const char *weir_sources_order_word(enum weir_sources_order order);

/* Both outcomes of one kind of source, for `weir counts --sources`. */
struct weir_sources_report {
	__u8 length;
	enum weir_sources_order order;
	struct weir_source *passed, *dropped;
	size_t passed_count, dropped_count;
	size_t samples;
	double interval_s;
};

void weir_sources_report_done(struct weir_sources_report *report);

/* free(3) what these return; NULL when memory runs out. */
char *weir_sources_table(const struct weir_sources_report *report);

/*
 * {"length", "interval_s", "samples", "passed": [{"source", "packets_per_s", "syns_per_s",
 *  "bytes_per_s", "samples", "reason"}], "dropped": [...]}
 */
char *weir_sources_json(const struct weir_sources_report *report, bool is_line);

#endif

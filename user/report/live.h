/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live bans and releases, and why an address is listed, as people and programs read them. Pure.
 */
#ifndef WEIR_REPORT_LIVE_H
#define WEIR_REPORT_LIVE_H

#include "plan/journal.h"

/* One line a record of this kind: prefix, until, by whom, when, note. free(3) it. */
char *weir_live_table(const struct weir_record *records, size_t count, __u32 kind);

/* [{"prefix", "until": null or time, "who", "at", "note"}], in one line where asked for. */
char *weir_live_json(const struct weir_record *records, size_t count, __u32 kind, bool is_line);

/* What holds an address: a line of a file, or a live entry. */
struct weir_reason_why {
	const char *list; /* its name; "live" for a live entry */
	const char *path; /* NULL for a live entry */
	unsigned int line;
	struct weir_prefix prefix;
	bool is_release;                  /* it lets the address pass */
	const struct weir_record *record; /* of a live entry, else NULL */
};

/* The verdict, then one line each of what holds the address. */
char *weir_why_table(__u32 address, bool is_listed, const struct weir_reason_why *whys,
		     size_t count);

/* {"address", "listed": bool, "by": [{"list", "path", "line", "prefix", "releases", ...}]} */
char *weir_why_json(__u32 address, bool is_listed, const struct weir_reason_why *whys,
		    size_t count);

#endif

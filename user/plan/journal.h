/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal of live bans and releases, as text: one line a record, the latest record of a
 * prefix counts. Pure: bytes in, records out, and back.
 *
 *   CRC32 SIGN KIND PREFIX AT UNTIL WHO NOTE
 *   1c291ca3 + ban 192.0.2.0/24 1700000000.000000000 1700003600.000000000 alice scanner
 *
 * SIGN is + or -. AT and UNTIL are CLOCK_REALTIME seconds with nine decimals, UNTIL 0.000000000
 * for no end: the kernel's expiries are monotonic and mean nothing after a reboot. The checksum
 * (CRC-32 of IEEE 802.3, of all behind it) tells a torn or damaged line from a whole one.
 */
#ifndef WEIR_PLAN_JOURNAL_H
#define WEIR_PLAN_JOURNAL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/journal_line.h"
#include "base/prefix.h"

enum {
	WEIR_NOTE_MAX = 129,
	WEIR_RECORD_TEXT_MAX = 320, /* newline and NUL included */
};

struct weir_record {
	__u32 kind; /* WEIR_LIVE_BAN or WEIR_LIVE_RELEASE */
	struct weir_prefix prefix;
	bool is_removal;
	__u64 at_ns;    /* CLOCK_REALTIME */
	__u64 until_ns; /* CLOCK_REALTIME; 0: no end */
	char who[WEIR_WHO_MAX];
	char note[WEIR_NOTE_MAX]; /* printable, may be empty */
};

/* What a journal says, and how much of it could be read. */
struct weir_journal {
	struct weir_record *records; /* in effect: no removals, one a prefix and kind, sorted */
	size_t count;
	size_t damaged_lines; /* skipped */
};

/* Write the record as a line; returns its size, newline included. `who` and `note` are cleaned. */
size_t weir_record_format(const struct weir_record *record, char to[static WEIR_RECORD_TEXT_MAX]);

/* Read one line, without its newline. Returns 0, or -EINVAL: damaged. */
int weir_record_parse(const char *line, size_t size, struct weir_record *ret_record);

/*
 * Read a journal. Damaged lines, and a last line without its newline, are skipped. Records that
 * had expired by `now_ns` (CLOCK_REALTIME) are left out.
 * Returns 0 or -ENOMEM.
 */
int weir_journal_parse(const char *bytes, size_t size, __u64 now_ns,
		       struct weir_journal *ret_journal);
void weir_journal_done(struct weir_journal *journal);

#define _cleanup_journal_ __attribute__((cleanup(weir_journal_done)))

/* The record of a prefix, or NULL. */
const struct weir_record *weir_journal_find(const struct weir_journal *journal, __u32 kind,
					    struct weir_prefix prefix);

/* Order of records: by kind, then address, then length. For qsort(3). */
int weir_record_compare(const void *a, const void *b);

#endif

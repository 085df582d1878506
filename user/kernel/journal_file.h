/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal's file, /var/lib/INSTANCE/live.journal. Private to user/kernel; written under
 * live.lock.
 */
#ifndef WEIR_KERNEL_JOURNAL_FILE_H
#define WEIR_KERNEL_JOURNAL_FILE_H

#include "kernel/paths.h"
#include "plan/journal.h"

/*
 * Read it, without what had ended by `now_ns` (CLOCK_REALTIME; 0 leaves nothing out). A missing
 * file is an empty journal. Damaged lines are warned about.
 */
int weir_journal_read(const struct weir_paths *paths, __u64 now_ns, struct weir_diags *diags,
		      struct weir_journal *ret_journal);

/*
 * How far CLOCK_REALTIME was ahead of CLOCK_MONOTONIC when the journal's times were written, as
 * /run/INSTANCE/clock says. -ENOENT: not said since the machine was started.
 */
int weir_journal_clock_read(const struct weir_paths *paths, __s64 *ret_ahead_ns);
int weir_journal_clock_write(const struct weir_paths *paths, __s64 ahead_ns);

/*
 * Append the records and wait for the disk once. Returns 0 and whether the file is due to be written
 * anew, having grown beyond 1, 2, 4, ... MiB, or a negative errno with a diagnostic.
 */
int weir_journal_append(const struct weir_paths *paths, const struct weir_record *records,
			size_t count, struct weir_diags *diags, bool *ret_is_due);

/* Put a journal of these records in place of the old one, by rename. */
int weir_journal_replace(const struct weir_paths *paths, const struct weir_record *records,
			 size_t count, struct weir_diags *diags);

#endif

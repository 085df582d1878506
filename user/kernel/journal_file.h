/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal's file, /var/lib/INSTANCE/live.journal. Private to user/kernel; written under
 * live.lock.
 */
#ifndef WEIR_KERNEL_JOURNAL_FILE_H
#define WEIR_KERNEL_JOURNAL_FILE_H

#include "kernel/paths.h"
#include "plan/journal.h"

/* Read it; a missing file is an empty journal. Damaged lines are warned about. */
int weir_journal_read(const struct weir_paths *paths, struct weir_diags *diags,
		      struct weir_journal *ret_journal);

/*
 * Append the records and wait for the disk once. Returns 0 and the file's size, or a negative
 * errno with a diagnostic.
 */
int weir_journal_append(const struct weir_paths *paths, const struct weir_record *records,
			size_t count, struct weir_diags *diags, __u64 *ret_size);

/* Put a journal of these records in place of the old one, by rename. */
int weir_journal_replace(const struct weir_paths *paths, const struct weir_record *records,
			 size_t count, struct weir_diags *diags);

#endif

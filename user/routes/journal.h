/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal of live changes as a file: read once, appended to, written anew when most of it is
 * stale. What has been acknowledged is on the disk; what has not never happened.
 */
#ifndef WEIR_ROUTES_JOURNAL_H
#define WEIR_ROUTES_JOURNAL_H

#include "base/diag.h"
#include "routes/changes.h"

struct weir_routes_journal {
	int folder_fd; /* the caller's */
	int fd;
	__u64 size;    /* bytes, all of complete requests */
	size_t lines;  /* stale ones included */
	bool is_moved; /* written anew, and its name perhaps not on the disk yet */
};

#define WEIR_ROUTES_JOURNAL_NONE                                                                   \
	{                                                                                          \
		.folder_fd = -1, .fd = -1                                                          \
	}

/*
 * Open or make `routes.journal` in a folder that others cannot write, and read what is in effect.
 * A torn end is cut off and said, damaged lines are skipped and said, by warnings.
 * Returns 0, or a negative errno with a diagnostic.
 */
int weir_routes_journal_open(int folder_fd, struct weir_diags *diags,
			     struct weir_routes_journal *ret_journal,
			     struct weir_changes *ret_changes);
void weir_routes_journal_close(struct weir_routes_journal *journal);

/* Add a request and wait for the disk. On failure, with a diagnostic, the journal is as it was. */
int weir_routes_journal_append(struct weir_routes_journal *journal,
			       const struct weir_changes *request, struct weir_diags *diags);

/*
 * Write the journal anew if most of it is stale. That it fails is only a warning: everything is in
 * the old one.
 */
void weir_routes_journal_tidy(struct weir_routes_journal *journal,
			      const struct weir_changes *changes, struct weir_diags *diags);

#endif

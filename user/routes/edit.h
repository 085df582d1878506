/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an operator asks for, as lines of a routes file -> the changes that carry it out. Each
 * request is carried out whole or, with every line that is wrong as a diagnostic, not at all. Pure.
 */
#ifndef WEIR_ROUTES_EDIT_H
#define WEIR_ROUTES_EDIT_H

#include "routes/overlay.h"

/* Who asks what, and what is in force. */
struct weir_edit {
	struct weir_overlay overlay;
	const struct weir_changes *changes; /* in effect */
	const char *path;                   /* what diagnostics call the lines */
	const char *who;
	__u64 at_ns;
	struct weir_diags *diags;
};

/* ---- edit.c ---------------------------------------------------------------------------- */

/*
 * All return 0, -EINVAL or -ENOMEM, and add to `request`. What changes nothing is no change.
 *
 * add: the host is served by these containers as well, which are drained no longer; a host that
 * has no route gets one. Of another app: refused, unless the lines replace what there is.
 * remove: these containers serve it no longer; a line without any takes out the route.
 * revert: the files decide again; without lines: wherever they say the same.
 */
int weir_edit_add(const struct weir_edit *edit, const char *lines, size_t size, bool replaces,
		  struct weir_changes *request);
int weir_edit_remove(const struct weir_edit *edit, const char *lines, size_t size,
		     struct weir_changes *request);
int weir_edit_revert(const struct weir_edit *edit, const char *lines, size_t size,
		     struct weir_changes *request);

/* ---- edit_containers.c ----------------------------------------------------------------- */

/* A container gets no new requests and connections, or does again. */
int weir_edit_drain(const struct weir_edit *edit, const char *container, bool is_end,
		    struct weir_changes *request);

/* A rate of its own for each of an app's containers, or for one; 0 bytes per second ends it. */
int weir_edit_rate(const struct weir_edit *edit, const char *of, __u64 bytes_per_s,
		   __u64 burst_bytes, struct weir_changes *request);

/* One change by whoever asks, added to the request. Private to both files. Returns 0 or -ENOMEM. */
int weir_edit_put(const struct weir_edit *edit, enum weir_change_kind kind,
		  enum weir_change_sign sign, const char *key, const char *value,
		  struct weir_changes *request);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The overlay of live bans and releases, and the journal that carries it over a reboot.
 *
 *   records -> kernel (entry, lengths, live bits) -> journal, one fdatasync -> success
 *
 * Everything here is done under live.lock, which a running apply holds only for its flip.
 */
#ifndef WEIR_KERNEL_LIVE_H
#define WEIR_KERNEL_LIVE_H

#include "config/config.h"
#include "kernel/maps.h"
#include "kernel/paths.h"
#include "plan/journal.h"

/* What became of one record. */
enum weir_live_outcome {
	WEIR_LIVE_DONE,
	WEIR_LIVE_ABSENT, /* a removal of what was not there */
};

/*
 * Carry out `records`, all or none of them: `ret_outcomes` (as many) says what became of each.
 * A record's until_ns is CLOCK_REALTIME; what is past is an error of the caller.
 * Returns 0; -E2BIG with a diagnostic when the table is full of entries that have not expired,
 * with nothing changed; -EIO with a diagnostic when the kernel has them but the journal has not;
 * -EAGAIN: an apply was killed while it moved the table, and the next one must finish that;
 * or another negative errno with a diagnostic.
 */
int weir_live_apply(const struct weir_paths *paths, const struct weir_maps *opened,
		    const struct weir_record *records, size_t count, struct weir_diags *diags,
		    enum weir_live_outcome *ret_outcomes);

/*
 * Every unexpired entry of the kernel, with who, when and note where the journal knows them; of
 * both kinds, sorted by weir_record_compare. free(3) it.
 */
int weir_live_list(const struct weir_paths *paths, const struct weir_maps *maps,
		   struct weir_diags *diags, struct weir_record **ret_records, size_t *ret_count);

/*
 * How large a new gate's table must be: what the configuration says, or more where the journal has
 * more, which is a warning. 0: as it is by default.
 */
size_t weir_live_room(const struct weir_paths *paths, const struct weir_config *config,
		      struct weir_diags *diags);

/*
 * Fill an overlay from the journal. Damaged lines are warned about. Where that fails, the control
 * word's `live_unread` says so until it is done; under live.lock if the gate is not new.
 */
int weir_live_restore(const struct weir_paths *paths, const struct weir_maps *maps,
		      struct weir_diags *diags);

/*
 * Right before `half` is put in force, under live.lock: remove what has expired, and make the
 * half's live bits and the lengths say exactly what is left. Returns 0 or a negative errno.
 */
int weir_live_rebuild(const struct weir_maps *maps, __u32 half);

/*
 * When the wall clock has been set since the journal was written, write it anew: it is then by
 * that clock that a reboot ends bans when they should. Under live.lock. That it cannot be written
 * is a warning: what is in force is kept all the same.
 */
void weir_live_follow_clock(const struct weir_paths *paths, const struct weir_maps *maps,
			    struct weir_diags *diags);

/* Rewrite the journal to what the kernel holds, when all of it is in there. Under live.lock. */
int weir_live_compact(const struct weir_paths *paths, const struct weir_maps *maps,
		      struct weir_diags *diags);

#endif

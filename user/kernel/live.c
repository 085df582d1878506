/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records -> overlay and journal: those of a command, all or none, and after a boot those that the
 * journal has kept. The other way, from the overlay to records and a new journal, is
 * live_journal.c.
 */
#include "kernel/live.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fail.h"
#include "kernel/journal_file.h"
#include "kernel/live_parts.h"
#include "kernel/lock.h"
#include "kernel/overlay.h"
#include "kernel/pins.h"

/* What was there before a record, to go back to when a later one does not fit. */
struct undo {
	bool was_there;
	__u64 until_ns;
};

static int put(const struct weir_maps *maps, const struct weir_record *record)
{
	struct weir_overlay_entry entry = {
		.kind = record->kind,
		.prefix = record->prefix,
		.until_ns = weir_live_convert(record->until_ns, weir_realtime_ns(), weir_now_ns()),
	};
	int r = weir_overlay_put(maps, &entry);

	if (r != -E2BIG)
		return r;
	/* Full, maybe of what has expired: only now is it worth looking at all of it. */
	r = weir_overlay_visit(maps, NULL, NULL);
	return r ?: weir_overlay_put(maps, &entry);
}

static int carry_out(const struct weir_maps *maps, const struct weir_record *record,
		     struct undo *undo, enum weir_live_outcome *outcome)
{
	int r;

	undo->was_there = !weir_overlay_get(maps, record->kind, record->prefix, &undo->until_ns);
	*outcome = WEIR_LIVE_DONE;
	if (!record->is_removal)
		return put(maps, record);
	if (!undo->was_there)
		*outcome = WEIR_LIVE_ABSENT;
	r = weir_overlay_remove(maps, record->kind, record->prefix);
	return r == -ENOENT ? 0 : r;
}

static void take_back(const struct weir_maps *maps, const struct weir_record *records,
		      const struct undo *undo, size_t count)
{
	while (count--) {
		struct weir_overlay_entry entry = {records[count].kind, records[count].prefix,
						   undo[count].until_ns};

		if (undo[count].was_there)
			weir_overlay_put(maps, &entry);
		else
			weir_overlay_remove(maps, entry.kind, entry.prefix);
	}
}

static int fail_put(const struct weir_maps *maps, const struct weir_record *record, int error,
		    struct weir_diags *diags)
{
	char prefix[WEIR_PREFIX_TEXT_MAX];

	weir_prefix_format(record->prefix, prefix);
	if (error == -E2BIG)
		return weir_fail(diags, error,
				 "%s: the table of live bans is full (%u entries, live_max); "
				 "nothing was changed",
				 prefix, maps->entries[WEIR_MAP_LIVE]);
	return weir_fail(diags, error, "%s: %s; nothing was changed", prefix, strerror(-error));
}

static int write_journal(const struct weir_paths *paths, const struct weir_maps *maps,
			 const struct weir_record *records, size_t count, struct weir_diags *diags)
{
	_cleanup_diags_ struct weir_diags said = {};
	bool is_due;

	if (weir_journal_append(paths, records, count, diags, &is_due))
		return weir_fail(diags, -EIO,
				 "the change is in force, but will not survive a reboot");
	if (is_due) {
		bool is_left = weir_live_compact(paths, maps, &said) != 0;

		weir_live_warn(&said,
			       is_left ? "; the change is in force and kept; the journal stays long"
				       : "",
			       diags);
	}
	weir_live_follow_clock(paths, maps, diags);
	return 0;
}

/*
 * An apply may have put a larger table in the place of the one that `maps` was opened with, while
 * we waited for the lock: *current is then opened anew, into `fresh`.
 */
static int find_current(const struct weir_paths *paths, const struct weir_maps *maps,
			struct weir_diags *diags, struct weir_maps *fresh,
			const struct weir_maps **current)
{
	const struct weir_control *control = weir_maps_control(maps);
	int r = 0;

	*current = maps;
	if (control->live_moves)
		return weir_fail(diags, -EAGAIN,
				 "an apply was interrupted while it moved the live bans: weir "
				 "apply finishes it");
	if (control->live_id && control->live_id != maps->ids[WEIR_MAP_LIVE]) {
		r = weir_pins_need(paths, diags, fresh);
		*current = fresh;
	}
	return r;
}

int weir_live_apply(const struct weir_paths *paths, const struct weir_maps *opened,
		    const struct weir_record *records, size_t count, struct weir_diags *diags,
		    enum weir_live_outcome *ret_outcomes)
{
	_cleanup_free_ struct undo *undo = calloc(count ?: 1, sizeof(*undo));
	_cleanup_maps_ struct weir_maps fresh = WEIR_MAPS_NONE;
	const struct weir_maps *maps;
	_cleanup_close_ int lock = -1;
	int r;

	if (!undo)
		return weir_fail(diags, -ENOMEM, "out of memory");
	r = weir_lock_take(paths, WEIR_LOCK_LIVE, "deny or allow", WEIR_LOCK_WAIT_MS, diags, &lock)
		    ?: find_current(paths, opened, diags, &fresh, &maps);
	if (r)
		return r;
	for (size_t i = 0; i < count; i++) {
		r = carry_out(maps, &records[i], &undo[i], &ret_outcomes[i]);
		if (!r)
			continue;
		take_back(maps, records, undo, i);
		return fail_put(maps, &records[i], r, diags);
	}
	/* Removals of what was not there too: a command that was killed may have come this far. */
	r = count ? write_journal(paths, maps, records, count, diags) : 0;
	weir_overlay_sweep(maps);
	return r;
}

/* ---- after a boot ------------------------------------------------------------------------- */

/*
 * When the wall clock of a machine that has just booted is behind the moment of the command, the
 * ban lasts as long as it was asked for, and not until the clock gets there.
 */
static void bound_by_length(struct weir_record *record)
{
	__u64 now_ns = weir_realtime_ns();

	if (record->until_ns > record->at_ns && now_ns < record->at_ns)
		record->until_ns -= record->at_ns - now_ns;
}

int weir_live_restore(const struct weir_paths *paths, const struct weir_maps *maps,
		      struct weir_diags *diags)
{
	_cleanup_journal_ struct weir_journal journal = {};
	struct weir_control *control = weir_maps_control(maps);
	int r;

	control->live_unread = 1;
	r = weir_journal_read(paths, weir_realtime_ns(), diags, &journal);
	for (size_t i = 0; !r && i < journal.count; i++) {
		bound_by_length(&journal.records[i]);
		r = put(maps, &journal.records[i]);
		if (r)
			return fail_put(maps, &journal.records[i], r, diags);
	}
	control->live_unread = r != 0;
	return r;
}

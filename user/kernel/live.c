/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records -> overlay and journal. Expiries are CLOCK_MONOTONIC in the kernel and CLOCK_REALTIME
 * in the journal; they are turned into each other at the moment of the command, so that a step
 * of the wall clock moves no ban that is in force.
 */
#include "kernel/live.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fail.h"
#include "kernel/journal_file.h"
#include "kernel/lock.h"
#include "kernel/overlay.h"
#include "kernel/pins.h"

/* The wall clock was set, not slewed. */
#define CLOCK_STEP_NS 1000000000ULL

/* The same moment on the other clock. 0, no end, stays 0; what is past becomes 1, long past. */
static __u64 convert(__u64 at_ns, __u64 from_now_ns, __u64 to_now_ns)
{
	if (!at_ns)
		return 0;
	if (at_ns <= from_now_ns && from_now_ns - at_ns >= to_now_ns)
		return 1;
	return to_now_ns + at_ns - from_now_ns;
}

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
		.until_ns = convert(record->until_ns, weir_realtime_ns(), weir_now_ns()),
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

/* What went wrong beside the command, and what that does not change; "": what it says is enough. */
static void warn(const struct weir_diags *said, const char *but, struct weir_diags *diags)
{
	for (size_t i = 0; i < said->count; i++)
		weir_diags_warning(diags, said->items[i].path, said->items[i].line, 0, "%s%s",
				   said->items[i].text, but);
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

		warn(&said,
		     is_left ? "; the change is in force and kept; the journal stays long" : "",
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

/* ---- the whole overlay ------------------------------------------------------------------ */

struct collection {
	const struct weir_journal *journal;
	struct weir_record *records;
	size_t count;
	__u64 monotonic_ns, realtime_ns;
};

static int collect(void *context, const struct weir_overlay_entry *entry)
{
	struct collection *all = context;
	const struct weir_record *known = weir_journal_find(all->journal, entry->kind,
							    entry->prefix);
	struct weir_record *record = weir_array_add(&all->records, &all->count);

	if (!record)
		return -ENOMEM;
	if (known)
		*record = *known;
	record->kind = entry->kind;
	record->prefix = entry->prefix;
	record->until_ns = convert(entry->until_ns, all->monotonic_ns, all->realtime_ns);
	return 0;
}

/* The journal may lack what the kernel has; a journal that cannot be read costs the notes. */
static int collect_all(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags, struct collection *all)
{
	_cleanup_journal_ struct weir_journal journal = {};
	_cleanup_diags_ struct weir_diags said = {};
	int r = weir_journal_read(paths, 0, &said, &journal);

	warn(&said, r ? "; who made each entry, when and why is not known" : "", diags);
	*all = (struct collection){
		.journal = &journal,
		.monotonic_ns = weir_now_ns(),
		.realtime_ns = weir_realtime_ns(),
	};
	r = weir_overlay_visit(maps, collect, all);
	if (r) {
		free(take_pointer(all->records));
		return weir_fail(diags, r, "cannot read the live bans: %s", strerror(-r));
	}
	if (all->count)
		qsort(all->records, all->count, sizeof(*all->records), weir_record_compare);
	return 0;
}

int weir_live_list(const struct weir_paths *paths, const struct weir_maps *maps,
		   struct weir_diags *diags, struct weir_record **ret_records, size_t *ret_count)
{
	_cleanup_close_ int lock = -1;
	struct collection all;
	int r = weir_lock_take(paths, WEIR_LOCK_LIVE, "list", WEIR_LOCK_WAIT_MS, diags, &lock);

	r = r ?: collect_all(paths, maps, diags, &all);
	if (r)
		return r;
	*ret_records = all.records;
	*ret_count = all.count;
	return 0;
}

int weir_live_compact(const struct weir_paths *paths, const struct weir_maps *maps,
		      struct weir_diags *diags)
{
	struct collection all;
	int r = weir_maps_control(maps)->live_unread ? weir_live_restore(paths, maps, diags) : 0;

	r = r ?: collect_all(paths, maps, diags, &all);
	if (r)
		return r;
	r = weir_journal_replace(paths, all.records, all.count, diags);
	free(all.records);
	return r;
}

void weir_live_follow_clock(const struct weir_paths *paths, const struct weir_maps *maps,
			    struct weir_diags *diags)
{
	_cleanup_diags_ struct weir_diags said = {};
	__s64 ahead_ns = weir_realtime_ns() - weir_now_ns(), was_ns = ahead_ns;
	int r = weir_journal_clock_read(paths, &was_ns);
	__u64 moved_ns = ahead_ns > was_ns ? (__u64)ahead_ns - was_ns : (__u64)was_ns - ahead_ns;

	if (!r && moved_ns < CLOCK_STEP_NS)
		return;
	r = moved_ns < CLOCK_STEP_NS ? 0 : weir_live_compact(paths, maps, &said);
	warn(&said,
	     r ? "; the wall clock was set, and until the journal can be written anew, bans with "
		 "an end would end early or late after a reboot"
	       : "",
	     diags);
	if (r)
		return;
	r = weir_journal_clock_write(paths, ahead_ns);
	if (r)
		weir_diags_warning(
			diags, NULL, 0, 0,
			"cannot write %s/clock: %s; what is in force is kept, but if the "
			"wall clock is set before the next weir command, bans with an "
			"end would end early or late after a reboot",
			paths->run, strerror(-r));
}

size_t weir_live_room(const struct weir_paths *paths, const struct weir_config *config,
		      struct weir_diags *diags)
{
	size_t max = config->live_max ?: WEIR_LIVE_DEFAULT, wanted;
	_cleanup_journal_ struct weir_journal journal = {};
	_cleanup_diags_ struct weir_diags unread = {};

	if (weir_journal_read(paths, weir_realtime_ns(), &unread, &journal) || journal.count <= max)
		return max;
	wanted = journal.count + journal.count / 4;
	weir_diags_warning(diags, config->path, 0, 0,
			   "live_max: the journal has %zu live bans and releases; the table gets "
			   "%zu entries, not %zu",
			   journal.count, wanted, max);
	return wanted;
}

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

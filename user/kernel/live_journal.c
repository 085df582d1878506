/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Overlay -> records, as they are listed and as the journal is written anew.
 *
 * Expiries are CLOCK_MONOTONIC in the kernel and CLOCK_REALTIME in the journal; they are turned into
 * each other at the moment of the command, so that a step of the wall clock moves no ban that is
 * in force. The journal is then by the clock that was, and is written anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fail.h"
#include "kernel/journal_file.h"
#include "kernel/live.h"
#include "kernel/live_parts.h"
#include "kernel/lock.h"
#include "kernel/overlay.h"

/* The wall clock was set, not slewed. */
#define CLOCK_STEP_NS 1000000000ULL

__u64 weir_live_convert(__u64 at_ns, __u64 from_now_ns, __u64 to_now_ns)
{
	if (!at_ns)
		return 0;
	if (at_ns <= from_now_ns && from_now_ns - at_ns >= to_now_ns)
		return 1;
	return to_now_ns + at_ns - from_now_ns;
}

void weir_live_warn(const struct weir_diags *said, const char *but, struct weir_diags *diags)
{
	for (size_t i = 0; i < said->count; i++)
		weir_diags_warning(diags, said->items[i].path, said->items[i].line, 0, "%s%s",
				   said->items[i].text, but);
}

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
	record->until_ns = weir_live_convert(entry->until_ns, all->monotonic_ns, all->realtime_ns);
	return 0;
}

/* The journal may lack what the kernel has; a journal that cannot be read costs the notes. */
static int collect_all(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags, struct collection *all)
{
	_cleanup_journal_ struct weir_journal journal = {};
	_cleanup_diags_ struct weir_diags said = {};
	int r = weir_journal_read(paths, 0, &said, &journal);

	weir_live_warn(&said, r ? "; who made each entry, when and why is not known" : "", diags);
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
	weir_live_warn(&said,
		       r ? "; the wall clock was set, and until the journal can be written anew, "
			   "bans with "
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

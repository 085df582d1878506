/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * (journal, table, marks) -> drifts, under live.lock, so that no writer is caught half-way. When
 * an entry ends is not compared: the two clocks drift apart where one is stepped.
 */
#include "kernel/verify_live.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fail.h"
#include "kernel/journal_file.h"
#include "kernel/lock.h"
#include "kernel/overlay.h"
#include "weir/deny.h"

/* An entry about to end may be in one of the two and no longer in the other. */
#define ENDING_NS 2000000000ULL

enum { NAMED_MAX = 20 };

struct live {
	const struct weir_journal *journal;
	const struct weir_maps *maps;
	struct weir_drifts *to;
	size_t found;
};

static const char *kind_word(__u32 kind)
{
	return kind == WEIR_LIVE_BAN ? "ban" : "release";
}

static int say(struct live *live, __u32 kind, struct weir_prefix prefix, const char *what)
{
	char text[WEIR_PREFIX_TEXT_MAX];

	if (live->found++ >= NAMED_MAX)
		return 0;
	return weir_drift_add(live->to, WEIR_DRIFT_LIVE, "the %s of %s %s", kind_word(kind),
			      weir_prefix_format(prefix, text), what);
}

/* Would a packet from anywhere in the prefix come to look for it? */
static bool is_marked(const struct live *live, const struct weir_overlay_entry *entry)
{
	__u32 network = entry->prefix.address >> 8, last = weir_prefix_last(entry->prefix) >> 8;
	const struct weir_area *areas = weir_maps_areas(live->maps, weir_maps_half(live->maps));

	for (; network <= last; network++) {
		__u32 area = weir_area_of(network << 8);
		__u64 lengths = *weir_maps_live_lengths(live->maps, area, entry->kind);

		if (!(lengths >> entry->prefix.length & 1) ||
		    !(areas[area].live & weir_area_bit(network << 8)) ||
		    !(weir_maps_live_bits(live->maps)[network / 64] >> network % 64 & 1))
			return false;
	}
	return true;
}

static int check_entry(void *context, const struct weir_overlay_entry *entry)
{
	struct live *live = context;
	bool is_ending = entry->until_ns && entry->until_ns < weir_now_ns() + ENDING_NS;
	int r = 0;

	if (!is_marked(live, entry))
		r = say(live, entry->kind, entry->prefix, "is not seen by packets");
	if (r || is_ending || weir_journal_find(live->journal, entry->kind, entry->prefix))
		return r;
	return say(live, entry->kind, entry->prefix, "is in force and not in the journal");
}

static int check_record(struct live *live, const struct weir_record *record, __u64 now_ns)
{
	__u64 until_ns;

	if ((record->until_ns && record->until_ns < now_ns + ENDING_NS) ||
	    !weir_overlay_get(live->maps, record->kind, record->prefix, &until_ns))
		return 0;
	return say(live, record->kind, record->prefix, "is in the journal and not in force");
}

int weir_verify_live(const struct weir_paths *paths, const struct weir_maps *maps,
		     struct weir_diags *diags, struct weir_drifts *to)
{
	_cleanup_journal_ struct weir_journal journal = {};
	_cleanup_close_ int lock = -1;
	struct live live = {&journal, maps, to, 0};
	__u64 now_ns = weir_realtime_ns();
	int r = weir_lock_take(paths, WEIR_LOCK_LIVE, "verify", WEIR_LOCK_WAIT_MS, diags, &lock)
			?: weir_journal_read(paths, 0, diags, &journal);

	if (r)
		return r;
	r = weir_overlay_visit(maps, check_entry, &live);
	if (r)
		return weir_fail(diags, r, "cannot read the live bans: %s", strerror(-r));
	for (size_t i = 0; !r && i < journal.count; i++)
		r = check_record(&live, &journal.records[i], now_ns);
	if (!r && live.found > NAMED_MAX)
		r = weir_drift_add(to, WEIR_DRIFT_LIVE, "and %zu entries more that are so",
				   live.found - NAMED_MAX);
	return r;
}

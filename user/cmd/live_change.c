/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deny and allow: add, del, flush. Arguments -> prefixes -> records -> kernel and journal. All
 * prefixes are read, and checked against those who would be shut out, before the first one is
 * carried out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/live.h"
#include "cmd/who.h"
#include "kernel/generation.h"
#include "kernel/guard.h"
#include "kernel/live.h"
#include "kernel/why.h"
#include "plan/cover.h"

/* Each takes a look at the journal. */
enum { HELD_MAX = 100 };

static int make_records(const struct weir_live_run *run, const struct weir_prefix *prefixes,
			size_t count, bool is_removal, struct weir_record **ret_records)
{
	struct weir_record *records = calloc(count ?: 1, sizeof(*records));
	char by[WEIR_WHO_MAX];
	__u64 now_ns = weir_realtime_ns();

	if (!records)
		return -ENOMEM;
	weir_cmd_who(by);
	for (size_t i = 0; i < count; i++) {
		records[i] = (struct weir_record){
			.kind = run->options.kind,
			.prefix = prefixes[i],
			.is_removal = is_removal,
			.at_ns = now_ns,
			.until_ns = run->options.for_ns ? now_ns + run->options.for_ns : 0,
		};
		snprintf(records[i].who, sizeof(records[i].who), "%s", by);
		snprintf(records[i].note, sizeof(records[i].note), "%s", run->options.note ?: "");
	}
	*ret_records = records;
	return 0;
}

/* All of them or none. The caller frees what became of each. */
static int carry_out(struct weir_live_run *run, const struct weir_record *records, size_t count,
		     enum weir_live_outcome **ret_outcomes)
{
	_cleanup_free_ enum weir_live_outcome *outcomes = calloc(count ?: 1, sizeof(*outcomes));
	int r = outcomes ? weir_live_apply(&run->paths, &run->maps, records, count, &run->diags,
					   outcomes)
			 : -ENOMEM;

	if (!r)
		*ret_outcomes = take_pointer(outcomes);
	return r;
}

/* A ban that takes in the gate itself, or those who manage it, is refused. */
static int guard(struct weir_live_run *run, const struct weir_prefix *prefixes, size_t count)
{
	_cleanup_free_ struct weir_slot *slots = NULL;
	struct weir_generation live;
	size_t slots_count = 0;
	int r = 0;

	if (run->options.is_forced || run->options.kind != WEIR_LIVE_BAN)
		return 0;
	r = weir_guard_prefixes(&run->paths, &run->maps, run->options.kind, prefixes, count,
				&run->diags);
	if (!weir_generation_view(&run->maps, weir_maps_half(&run->maps), &live))
		return r;
	if (weir_generation_slots(&live, &slots, &slots_count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		char what[WEIR_COVER_TEXT_MAX], prefix[WEIR_PREFIX_TEXT_MAX];

		if (weir_cover_find(&live.policy, slots, slots_count, prefixes[i], what))
			r = weir_diags_error(&run->diags, NULL, 0, 0,
					     "%s covers %s; --force bans it all the same",
					     weir_prefix_format(prefixes[i], prefix), what);
	}
	return r;
}

int weir_live_add(struct weir_live_run *run, char **arguments)
{
	_cleanup_free_ struct weir_prefix *prefixes = NULL;
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_free_ enum weir_live_outcome *outcomes = NULL;
	size_t count;
	int r = weir_live_prefixes(arguments, &run->diags, &prefixes, &count) ?:
		guard(run, prefixes, count) ?:
		make_records(run, prefixes, count, false, &records);

	return r ?: carry_out(run, records, count, &outcomes);
}

/* What was no live entry, or stays denied by a file, is an error that says where it stands. */
static int check_removed(struct weir_live_run *run, const struct weir_prefix *prefixes,
			 const enum weir_live_outcome *outcomes, size_t count)
{
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	_cleanup_diags_ struct weir_diags unread = {};
	bool has_tried = false;
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_absent = outcomes[i] == WEIR_LIVE_ABSENT, is_listed = false;

		if (run->options.kind == WEIR_LIVE_BAN)
			weir_base_lists(&run->maps, prefixes[i].address, &run->diags, &is_listed);
		if (!is_absent && !is_listed)
			continue;
		if (!has_tried)
			weir_config_load(run->cli->config_path, &unread, &config);
		has_tried = true;
		if (is_absent && i < HELD_MAX &&
		    weir_live_explain_held(&run->paths, &run->maps, run->options.kind, prefixes[i],
					   &run->diags)) {
			r = -EINVAL;
			continue;
		}
		r = weir_live_explain_absent(run->cli, run->options.kind, prefixes[i], is_absent,
					     config, &run->diags)
			    ?: r;
	}
	return r;
}

/* Whoever is connected thanks to a release must not lose it by accident. */
static int guard_release(struct weir_live_run *run, const struct weir_prefix *prefixes,
			 size_t count)
{
	if (run->options.is_forced || run->options.kind != WEIR_LIVE_RELEASE)
		return 0;
	return weir_guard_prefixes(&run->paths, &run->maps, run->options.kind, prefixes, count,
				   &run->diags);
}

int weir_live_del(struct weir_live_run *run, char **arguments)
{
	_cleanup_free_ struct weir_prefix *prefixes = NULL;
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_free_ enum weir_live_outcome *outcomes = NULL;
	size_t count;
	int r = weir_live_prefixes(arguments, &run->diags, &prefixes, &count)
			?: guard_release(run, prefixes, count)
			?: make_records(run, prefixes, count, true, &records);

	return r ?: carry_out(run, records, count, &outcomes)
		 ?: check_removed(run, prefixes, outcomes, count);
}

/* What there is of the kind, to be removed. */
static int list_removals(struct weir_live_run *run, struct weir_record **ret_records,
			 struct weir_prefix **ret_prefixes, size_t *ret_count)
{
	_cleanup_free_ struct weir_record *records = NULL;
	struct weir_prefix *prefixes;
	size_t count, kept = 0;
	int r = weir_live_list(&run->paths, &run->maps, &run->diags, &records, &count);

	if (r)
		return r;
	prefixes = calloc(count ?: 1, sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (records[i].kind != run->options.kind)
			continue;
		prefixes[kept] = records[i].prefix;
		records[kept] = records[i];
		records[kept].is_removal = true;
		records[kept++].at_ns = weir_realtime_ns();
	}
	*ret_records = take_pointer(records);
	*ret_prefixes = prefixes;
	*ret_count = kept;
	return 0;
}

int weir_live_flush(struct weir_live_run *run, char **operands)
{
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_free_ struct weir_prefix *prefixes = NULL;
	_cleanup_free_ enum weir_live_outcome *outcomes = NULL;
	size_t kept = 0;
	int r = list_removals(run, &records, &prefixes, &kept)
			?: guard_release(run, prefixes, kept);

	(void)operands;
	return r ?: carry_out(run, records, kept, &outcomes);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate that an apply writes to: found or loaded, made large enough, brought up to this version, and
 * tried with the new policy in the half that is not in force.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/apply_steps.h"
#include "kernel/attach_trial.h"
#include "kernel/guard.h"
#include "kernel/live.h"
#include "kernel/lock.h"
#include "kernel/migrate.h"
#include "kernel/object.h"
#include "kernel/pins.h"
#include "kernel/replace.h"
#include "kernel/trial.h"

/* Twice the blocks, so that the next generation fits beside this one, and some to grow. */
static size_t blocks_for(size_t count)
{
	return 2 * count + count / 4 + 4096;
}

/* A machine that comes up must not stay open for the sake of a journal that cannot be read. */
static void restore_live(struct apply *apply)
{
	_cleanup_diags_ struct weir_diags said = {};
	int r = weir_live_restore(apply->paths, &apply->maps, &said);

	for (size_t i = 0; i < said.count; i++)
		weir_diags_warning(
			apply->diags, said.items[i].path, said.items[i].line, 0, "%s%s",
			said.items[i].text,
			r ? "; the live bans and releases of the journal are not in force" : "");
}

/* An apply before could not. Bans of since then are in the journal, too. */
static int restore_unread(struct apply *apply)
{
	_cleanup_close_ int lock = -1;
	int r;

	if (!weir_maps_control(&apply->maps)->live_unread)
		return 0;
	r = weir_lock_take(apply->paths, WEIR_LOCK_LIVE, "apply", WEIR_LOCK_WAIT_MS, apply->diags,
			   &lock);
	if (!r)
		restore_live(apply);
	return r;
}

int weir_apply_load_first(struct apply *apply)
{
	const struct weir_load load = {
		.forced_half = WEIR_HALF_IN_FORCE,
		.blocks_max = blocks_for(apply->generation->rank.blocks_count),
		.live_max = weir_live_room(apply->paths, apply->config, apply->diags),
	};
	int fd = -1;
	int r = weir_gate_load(&load, apply->diags, &fd) ?:
		weir_maps_open(fd, true, apply->diags, &apply->maps) ?:
		weir_maps_open_base(&apply->maps, apply->diags);

	if (r)
		return r;
	apply->done.is_first = true;
	weir_maps_control(&apply->maps)->layout = WEIR_LAYOUT;
	restore_live(apply);
	return 0;
}

/* Finish what a command that was killed has begun. */
static int converge(struct apply *apply)
{
	struct weir_control *control = weir_maps_control(&apply->maps);
	int r = weir_pins_converge(apply->paths, &apply->maps, apply->diags);

	if (!r)
		__atomic_store_n(&control->live_moves, 0, __ATOMIC_SEQ_CST);
	return r;
}

int weir_apply_open_gate(struct apply *apply)
{
	int r = weir_migrate(apply->paths, apply->diags)
			?: weir_pins_find(apply->paths, apply->diags, &apply->maps);

	if (r)
		return r == -ENOENT ? 0 : r;
	return weir_maps_open_base(&apply->maps, apply->diags)
		       ?: weir_attach_trial_settle(apply->paths, &apply->maps, apply->diags)
		       ?: converge(apply) ?: restore_unread(apply);
}

int weir_apply_resize_live(struct apply *apply)
{
	__u32 wanted = apply->config->live_max, max = apply->maps.entries[WEIR_MAP_LIVE];
	int r;

	if (!wanted || wanted == max || apply->done.is_first)
		return 0;
	r = weir_replace_live(apply->paths, &apply->maps, wanted, apply->diags);
	apply->done.is_replaced |= !r;
	if (r != -ENOSPC)
		return r;
	weir_diags_warning(apply->diags, apply->config->path, 0, 0,
			   "live_max: there are more than %u live bans and releases; the table "
			   "keeps its %u entries",
			   wanted, max);
	return 0;
}

static int replace_program(struct apply *apply, size_t blocks_max)
{
	int r = weir_replace_program(apply->paths, &apply->maps, blocks_max, apply->diags);

	apply->done.is_replaced |= !r;
	return r;
}

/* Blocks that fit beside those in force: where, after growing if need be. */
static int make_room(struct apply *apply, size_t *ret_first)
{
	size_t count = apply->generation->rank.blocks_count;
	const struct weir_policy *policy = weir_maps_policy_in_force(&apply->maps);
	__s64 first = weir_blocks_room(&apply->maps, count);
	int r;

	if (first < 0) {
		size_t end = policy ? policy->blocks_first + policy->blocks_count : 0;

		r = replace_program(apply, end + blocks_for(count));
		if (r)
			return r;
		first = weir_blocks_room(&apply->maps, count);
	}
	*ret_first = first;
	return 0;
}

/* A live program of another version is replaced before the flip, by what has been tried. */
static int upgrade(struct apply *apply, __u64 tried_tag)
{
	__u64 live_tag;
	int r = weir_program_tag(apply->maps.program_fd, &live_tag);

	if (r)
		return weir_fail(apply->diags, r, "cannot inspect the gate: %s", strerror(-r));
	return live_tag == tried_tag ? 0 : replace_program(apply, 0);
}

int weir_apply_write_and_try(struct apply *apply)
{
	__u64 tag;
	size_t first;
	int r = make_room(apply, &first) ?:
		weir_generation_write(&apply->maps, apply->half, first, apply->generation,
				      apply->diags) ?:
		weir_trial_run(apply->paths, &apply->maps, apply->half, apply->generation, apply->diags, &tag);

	if (!r && !apply->options->is_forced)
		r = weir_guard_policy(apply->paths, &apply->maps, apply->half, apply->config, NULL,
				      apply->diags);
	return r || apply->done.is_first ? r : upgrade(apply, tag);
}

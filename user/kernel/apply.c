/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration -> generation -> kernel. Each step is a function; weir_apply is their order.
 */
#include "kernel/apply.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/attach_trial.h"
#include "kernel/build.h"
#include "kernel/conntrack.h"
#include "kernel/generation.h"
#include "kernel/guard.h"
#include "kernel/kept.h"
#include "kernel/lists.h"
#include "kernel/live.h"
#include "kernel/lock.h"
#include "kernel/migrate.h"
#include "kernel/object.h"
#include "kernel/pins.h"
#include "kernel/replace.h"
#include "kernel/routes.h"
#include "kernel/routes_follow.h"
#include "kernel/steer.h"
#include "kernel/trial.h"
#include "net/machine.h"
#include "plan/addresses.h"

struct apply {
	const struct weir_paths *paths;
	const struct weir_config *config;
	const struct weir_apply_options *options;
	struct weir_diags *diags;
	int lock; /* apply.lock */
	struct weir_maps maps;
	struct weir_generation *generation;
	__u32 *ingress; /* host order, sorted */
	size_t ingress_count;
	__u32 half;
	struct weir_applied done;
};

static void apply_done(struct apply *apply)
{
	closep(&apply->lock);
	weir_maps_done(&apply->maps);
	weir_generation_free(&apply->generation);
	free(apply->ingress);
}

/* Twice the blocks, so that the next generation fits beside this one, and some to grow. */
static size_t blocks_for(size_t count)
{
	return 2 * count + count / 4 + 4096;
}

static int list_ingress(struct apply *apply)
{
	const struct weir_region *region = &apply->config->region;

	apply->ingress = calloc(region->ingress_count ?: 1, sizeof(*apply->ingress));
	if (!apply->ingress)
		return weir_fail(apply->diags, -ENOMEM, "out of memory");
	for (size_t i = 0; i < region->ingress_count; i++)
		apply->ingress[i] = region->ingress[i].address;
	apply->ingress_count = weir_addresses_sort(apply->ingress, region->ingress_count);
	return 0;
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

/* A new gate with maps of its own, which nobody sees until it is pinned. */
static int load_first(struct apply *apply)
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

static int write_and_try(struct apply *apply, bool is_forced)
{
	__u64 tag;
	size_t first;
	int r = make_room(apply, &first) ?:
		weir_generation_write(&apply->maps, apply->half, first, apply->generation,
				      apply->diags) ?:
		weir_trial_run(apply->paths, &apply->maps, apply->half, apply->generation, apply->diags, &tag);

	if (!r && !is_forced)
		r = weir_guard_policy(apply->paths, &apply->maps, apply->half, apply->config, NULL,
				      apply->diags);
	return r || apply->done.is_first ? r : upgrade(apply, tag);
}

static int flip(struct apply *apply, __u64 try_ns)
{
	_cleanup_close_ int lock = -1;
	int r = weir_lock_take(apply->paths, WEIR_LOCK_LIVE, "apply", WEIR_LOCK_WAIT_MS,
			       apply->diags, &lock);

	if (r)
		return r;
	r = weir_live_rebuild(&apply->maps, apply->half);
	if (r)
		return weir_fail(apply->diags, r, "cannot carry the live bans over: %s",
				 strerror(-r));
	weir_generation_flip(&apply->maps, apply->half, try_ns ? weir_now_ns() + try_ns : 0);
	weir_live_follow_clock(apply->paths, &apply->maps, apply->diags);
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

static int open_gate(struct apply *apply)
{
	int r = weir_migrate(apply->paths, apply->diags)
			?: weir_pins_find(apply->paths, apply->diags, &apply->maps);

	if (r)
		return r == -ENOENT ? 0 : r;
	return weir_maps_open_base(&apply->maps, apply->diags)
		       ?: weir_attach_trial_settle(apply->paths, &apply->maps, apply->diags)
		       ?: converge(apply) ?: restore_unread(apply);
}

/* Another live_max: a table of that size, unless more is in it. */
static int resize_live(struct apply *apply)
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

static int change_kernel(struct apply *apply, const struct weir_apply_options *options)
{
	int r;

	if (apply->done.is_first && options->try_ns)
		return weir_fail(apply->diags, -EINVAL,
				 "--try: there is no policy to go back to; apply without it first");
	r = weir_half_inactive(&apply->maps, apply->diags, &apply->half)
		    ?: resize_live(apply)
		    ?: weir_routes_add(apply->paths, apply->ingress, apply->ingress_count, apply->diags,
				       &apply->done.routes_added);
	if (r)
		return r;
	r = write_and_try(apply, options->is_forced) ?: flip(apply, options->try_ns);
	if (r) {
		weir_routes_follow(apply->paths, &apply->maps, apply->diags, &apply->done);
		return r;
	}
	r = weir_pins_converge(apply->paths, &apply->maps, apply->diags)
		    ?: weir_steer_converge(apply->paths, &apply->maps, apply->diags);
	if (r)
		return weir_fail(apply->diags, r,
				 "the new policy is in force all the same: weir apply finishes "
				 "what is left to do");
	/* During a trial the old policy may come back, and needs its addresses local. */
	return options->try_ns
		       ? 0
		       : weir_routes_follow(apply->paths, &apply->maps, apply->diags, &apply->done);
}

/* Asked once nobody else can answer it otherwise: units of many interfaces start at one time. */
static int yield(const struct apply *apply)
{
	const struct weir_policy *policy = apply->options->is_for_boot &&
							   apply->maps.program_fd >= 0
						   ? weir_maps_policy_in_force(&apply->maps)
						   : NULL;

	return policy && policy->fingerprint != WEIR_FINGERPRINT_MANAGEMENT ? -EALREADY : 0;
}

static int take_gate(struct apply *apply)
{
	return weir_lock_take(apply->paths, WEIR_LOCK_APPLY, "apply", apply->options->wait_ms,
			      apply->diags, &apply->lock)
		       ?: open_gate(apply)
		       ?: yield(apply);
}

static bool is_trial_running(const struct apply *apply)
{
	return apply->maps.program_fd >= 0 &&
	       weir_now_ns() < weir_control_deadline(weir_maps_control(&apply->maps)->word);
}

/* Nobody is there to be told to try again later; a trial ends by itself. Without the lock. */
static int wait_for_trial(struct apply *apply)
{
	static const struct timespec step = {.tv_nsec = 100000000};
	int r = take_gate(apply);

	while (!r && is_trial_running(apply)) {
		closep(&apply->lock);
		weir_maps_done(&apply->maps);
		nanosleep(&step, NULL);
		r = take_gate(apply);
	}
	return r;
}

/* A list that covers the machine, the region, the CDN or a management source. */
static int check_cover(const struct apply *apply)
{
	_cleanup_free_ __u32 *machine = NULL;
	size_t count = 0;
	int r = weir_machine_addresses(apply->config, apply->diags, &machine, &count);

	return r
		       ?: weir_config_check_cover(apply->config, machine, count,
						  apply->options->is_forced, apply->diags);
}

static int check_files(const struct apply *apply)
{
	int r = weir_conntrack_check(apply->config, apply->diags) ?:
		check_cover(apply) ?:
		weir_paths_ensure(apply->paths, apply->diags);

	if (r || !apply->options->is_lists_only)
		return r;
	return weir_lists_check(apply->paths, apply->config, apply->options->is_forced,
				apply->diags);
}

/* All but the lists as it is in force. */
static int graft_lists(struct apply *apply)
{
	struct weir_generation live;
	int r;

	if (apply->maps.program_fd < 0 ||
	    !weir_generation_view(&apply->maps, weir_maps_half(&apply->maps), &live))
		return weir_fail(apply->diags, -ENODATA,
				 "--lists: there is no policy in force: weir apply first");
	r = weir_generation_graft(&live, apply->generation, &apply->done.others_left);
	if (r)
		return weir_fail(apply->diags, r, "out of memory");
	if (apply->done.others_left)
		weir_diags_warning(apply->diags, apply->config->path, 0, 0,
				   "%zu changes besides lists stay as they are: weir plan shows "
				   "them, weir apply makes them",
				   apply->done.others_left);
	return 0;
}

static int build(struct apply *apply)
{
	int r = weir_build(apply->config, &apply->maps, apply->diags, &apply->generation);

	if (!r && apply->options->is_lists_only)
		return graft_lists(apply);
	return r ?: list_ingress(apply);
}

/* What later commands go by. A trial that nobody confirms was never there. */
static void remember(const struct apply *apply)
{
	if (apply->options->keeps_files && !apply->done.others_left)
		weir_kept_save(apply->paths, apply->config, apply->options->try_ns != 0,
			       apply->diags);
	if (apply->options->keeps_files && !apply->options->try_ns)
		weir_lists_save(apply->paths, apply->config, apply->diags);
}

int weir_apply(const struct weir_paths *paths, const struct weir_config *config,
	       const struct weir_apply_options *options, struct weir_diags *diags,
	       struct weir_applied *ret_applied)
{
	__attribute__((cleanup(apply_done))) struct apply apply = {.paths = paths,
								   .config = config,
								   .options = options,
								   .diags = diags,
								   .lock = -1,
								   .maps = WEIR_MAPS_NONE};
	int r = check_files(&apply);

	r = r ?: options->is_lists_only ? wait_for_trial(&apply) : take_gate(&apply);
	r = r ?: build(&apply);
	if (!r && apply.maps.program_fd < 0)
		r = load_first(&apply);
	r = r ?: change_kernel(&apply, options);
	if (r)
		return r;
	remember(&apply);
	*ret_applied = apply.done;
	return 0;
}

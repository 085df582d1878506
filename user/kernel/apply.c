/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration -> generation -> kernel: the order of the steps (kernel/apply_steps.h), under which
 * locks, and the flip that puts the new half in force.
 */
#include "kernel/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/apply_steps.h"
#include "kernel/live.h"
#include "kernel/lock.h"
#include "kernel/pins.h"
#include "kernel/routes.h"
#include "kernel/routes_follow.h"
#include "kernel/steer.h"

static void apply_done(struct apply *apply)
{
	closep(&apply->lock);
	weir_maps_done(&apply->maps);
	weir_generation_free(&apply->generation);
	free(apply->ingress);
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

static int change_kernel(struct apply *apply)
{
	const struct weir_apply_options *options = apply->options;
	int r;

	if (apply->done.is_first && options->try_ns)
		return weir_fail(apply->diags, -EINVAL,
				 "--try: there is no policy to go back to; apply without it first");
	r = weir_half_inactive(&apply->maps, apply->diags, &apply->half)
		    ?: weir_apply_resize_live(apply)
		    ?: weir_routes_add(apply->paths, apply->ingress, apply->ingress_count, apply->diags,
				       &apply->done.routes_added);
	if (r)
		return r;
	r = weir_apply_write_and_try(apply) ?: flip(apply, options->try_ns);
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
		       ?: weir_apply_open_gate(apply)
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
	int r = weir_apply_check_files(&apply);

	r = r ?: options->is_lists_only ? wait_for_trial(&apply) : take_gate(&apply);
	r = r ?: weir_apply_build(&apply);
	if (!r && apply.maps.program_fd < 0)
		r = weir_apply_load_first(&apply);
	r = r ?: change_kernel(&apply);
	if (r)
		return r;
	weir_apply_remember(&apply);
	*ret_applied = apply.done;
	return 0;
}

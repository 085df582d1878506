/* SPDX-License-Identifier: GPL-2.0-only */
/* A running trial -> for good: of a policy, or of being attached. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/apply.h"
#include "kernel/attach_trial.h"
#include "kernel/kept.h"
#include "kernel/lock.h"
#include "kernel/pins.h"
#include "kernel/routes_follow.h"

/* The half of the control word stays in force for good. */
static int keep_policy(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags)
{
	__u64 half = weir_maps_control(maps)->word & WEIR_CONTROL_HALF;
	struct weir_applied done;

	__atomic_store_n(&weir_maps_control(maps)->word, half, __ATOMIC_SEQ_CST);
	weir_kept_confirm(paths, weir_maps_policy(maps, half)->fingerprint, diags);
	return weir_routes_follow(paths, maps, diags, &done);
}

int weir_confirm(const struct weir_paths *paths, struct weir_diags *diags)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_close_ int lock = -1;
	__u64 word, deadline_ns;
	int r = weir_paths_ensure(paths, diags) ?:
		weir_lock_take(paths, WEIR_LOCK_APPLY, "confirm", WEIR_LOCK_WAIT_MS, diags, &lock) ?:
		weir_pins_need(paths, diags, &maps);

	if (r)
		return r;
	word = weir_maps_control(&maps)->word;
	deadline_ns = weir_control_deadline(word);
	if (!deadline_ns)
		return weir_fail(diags, -ENOENT, "no trial is running");
	if (deadline_ns <= weir_now_ns())
		return weir_fail(diags, -ETIME, "the trial has ended: %s",
				 word & WEIR_CONTROL_ATTACH
					 ? "its interfaces receive everything; weir attach"
					 : "the policy before it is in force again");
	if (!(word & WEIR_CONTROL_ATTACH))
		return keep_policy(paths, &maps, diags);
	weir_attach_trial_confirm(&maps);
	return 0;
}

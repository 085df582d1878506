/* SPDX-License-Identifier: GPL-2.0-only */
/* The control word and weir_control.trial <-> interfaces attached on trial. */
#include "kernel/attach_trial.h"

#include <errno.h>

#include "base/fail.h"
#include "kernel/attach.h"
#include "kernel/pins.h"

static __u64 read_word(const struct weir_maps *maps)
{
	return __atomic_load_n(&weir_maps_control(maps)->word, __ATOMIC_ACQUIRE);
}

/* The same half in force, with this deadline and kind; 0: no trial. */
static void store_word(const struct weir_maps *maps, __u64 trial)
{
	__atomic_store_n(&weir_maps_control(maps)->word, trial | weir_maps_half(maps),
			 __ATOMIC_SEQ_CST);
}

static void clear(const struct weir_maps *maps)
{
	struct weir_control *control = weir_maps_control(maps);

	if (read_word(maps) & WEIR_CONTROL_ATTACH)
		store_word(maps, 0);
	for (int i = 0; i < WEIR_TRIAL_INTERFACES_MAX; i++)
		__atomic_store_n(&control->trial[i], 0, __ATOMIC_SEQ_CST);
}

/* The place of the interface, or of 0: a free one; NULL where there is none. */
static __u32 *find(const struct weir_maps *maps, __u32 ifindex)
{
	struct weir_control *control = weir_maps_control(maps);

	for (int i = 0; i < WEIR_TRIAL_INTERFACES_MAX; i++)
		if (control->trial[i] == ifindex)
			return &control->trial[i];
	return NULL;
}

bool weir_attach_trial_has(const struct weir_maps *maps, __u32 ifindex)
{
	return ifindex && read_word(maps) & WEIR_CONTROL_ATTACH && find(maps, ifindex);
}

int weir_attach_trial_begin(const struct weir_maps *maps, __u32 ifindex, __u64 try_ns,
			    struct weir_diags *diags)
{
	__u64 word = read_word(maps), now_ns = weir_now_ns();
	__u32 *place;

	if (!(word & WEIR_CONTROL_ATTACH)) {
		if (now_ns < weir_control_deadline(word))
			return weir_fail(diags, -EBUSY,
					 "a policy is on trial: weir confirm keeps it, else wait "
					 "until it has ended");
		clear(maps); /* of a command that was killed */
	}
	place = find(maps, ifindex) ?: find(maps, 0);
	if (!place)
		return weir_fail(diags, -ENOSPC, "%d interfaces are on trial already",
				 WEIR_TRIAL_INTERFACES_MAX);
	__atomic_store_n(place, ifindex, __ATOMIC_SEQ_CST);
	store_word(maps, weir_control_deadline(now_ns + try_ns) | WEIR_CONTROL_ATTACH);
	return 0;
}

void weir_attach_trial_drop(const struct weir_maps *maps, __u32 ifindex)
{
	struct weir_control *control = weir_maps_control(maps);
	__u32 *place = find(maps, ifindex);
	__u32 left = 0;

	if (!ifindex || !place)
		return;
	__atomic_store_n(place, 0, __ATOMIC_SEQ_CST);
	for (int i = 0; i < WEIR_TRIAL_INTERFACES_MAX; i++)
		left |= control->trial[i];
	if (!left)
		clear(maps);
}

int weir_attach_trial_settle(const struct weir_paths *paths, const struct weir_maps *maps,
			     struct weir_diags *diags)
{
	_cleanup_links_ struct weir_links links = {};
	int r;

	if (!weir_control_lets_go(read_word(maps), weir_now_ns()))
		return 0;
	r = weir_links_open(paths, diags, &links);
	for (size_t i = 0; !r && i < links.count; i++) {
		if (!links.items[i].ifindex || !find(maps, links.items[i].ifindex))
			continue;
		r = weir_detach_link(paths, &links.items[i], diags);
		if (!r)
			weir_diags_warning(diags, NULL, 0, 0,
					   "%s is detached: its attach --try has ended unconfirmed",
					   links.items[i].interface);
	}
	if (!r)
		clear(maps);
	return r;
}

void weir_attach_trial_confirm(const struct weir_maps *maps)
{
	clear(maps);
}

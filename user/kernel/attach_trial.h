/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attach --try: interfaces that let everything pass again unless weir confirm comes in time.
 *
 *   begin -> attach -> (confirm | the program's own clock -> settle)
 *
 * The trial is in the maps before the program is on the interface, so that a command killed in
 * between leaves no interface filtered for good. When it has ended, the interfaces are still
 * attached, and let go of by the program; the next apply, attach or detach takes them off. All of
 * it under apply.lock.
 */
#ifndef WEIR_KERNEL_ATTACH_TRIAL_H
#define WEIR_KERNEL_ATTACH_TRIAL_H

#include "kernel/maps.h"
#include "kernel/paths.h"

/*
 * Put the interface on trial for `try_ns`, with those that are on trial already, whose time
 * begins again. Returns 0; -EBUSY: a policy is on trial; -ENOSPC: too many interfaces; each with
 * a diagnostic.
 */
int weir_attach_trial_begin(const struct weir_maps *maps, __u32 ifindex, __u64 try_ns,
			    struct weir_diags *diags);

/* The interface is not attached any more. The trial ends with its last interface. */
void weir_attach_trial_drop(const struct weir_maps *maps, __u32 ifindex);

/* Is the interface on trial, running or ended? */
bool weir_attach_trial_has(const struct weir_maps *maps, __u32 ifindex);

/*
 * Where a trial has ended unconfirmed, detach its interfaces, which is a warning. Nothing else
 * may be put in force before. Returns 0 or a negative errno with a diagnostic.
 */
int weir_attach_trial_settle(const struct weir_paths *paths, const struct weir_maps *maps,
			     struct weir_diags *diags);

/* What is on trial stays. */
void weir_attach_trial_confirm(const struct weir_maps *maps);

#endif

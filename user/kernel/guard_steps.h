/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of the lock-out guard. Private to kernel/guard*.c.
 *
 *   guard.c        who counts, what the program says of them; policies
 *   guard_live.c   bans and releases
 *   guard_say.c    the refusal
 *
 * Each works on the one `struct guard`, whose peers become fewer: in the end, those locked out.
 * Each returns 0 or a negative errno with a diagnostic.
 */
#ifndef WEIR_KERNEL_GUARD_STEPS_H
#define WEIR_KERNEL_GUARD_STEPS_H

#include "config/config.h"
#include "kernel/maps.h"
#include "kernel/paths.h"
#include "plan/lockout.h"
#include "plan/plan.h"

struct guard {
	const struct weir_paths *paths;
	const struct weir_maps *maps;
	const struct weir_config *config; /* or NULL */
	struct weir_diags *diags;
	struct weir_peer *peers;
	size_t count;
	__u32 *interfaces; /* filtered, by index */
	size_t interfaces_count;
	int twin_fd;
};

void weir_guard_done(struct guard *guard);
#define _cleanup_guard_ __attribute__((cleanup(weir_guard_done)))

/* The interfaces that are filtered, and those that the files want filtered. */
int weir_guard_add_interfaces(struct guard *guard);

/* Keep whom the gate filters: by an address of the policy, or by an interface alone (NULL). */
int weir_guard_keep_ours(struct guard *guard, const struct weir_generation *generation);

/* Keep those whose first packet the twin drops, or those that it passes, with its reason. */
int weir_guard_judge(struct guard *guard, bool wants_dropped);

/* 0 when nobody is left, else -EPERM with whom and what lets them in. */
int weir_guard_conclude(const struct guard *guard, const struct weir_policy *policy);

#endif

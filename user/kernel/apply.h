/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making the kernel match a configuration, in an order in which no moment lets through what
 * either policy would drop, nor drops what both would pass:
 *
 *   build -> load or grow -> routes -> write the inactive half -> try it -> flip -> pin -> prune
 *
 * Killed at any step, the gate holds the old or the new policy whole, and the next apply
 * finishes.
 */
#ifndef WEIR_KERNEL_APPLY_H
#define WEIR_KERNEL_APPLY_H

#include "config/config.h"
#include "kernel/maps.h"
#include "kernel/paths.h"

struct weir_apply_options {
	__u64 try_ns; /* not 0: the old policy comes back after so long, unless confirmed */
	int wait_ms;  /* for another writer */
	/*
	 * The lists alone; the rest stays as it is in force. Waits while a trial runs, and refuses a
	 * list that has lost more than half of its entries.
	 */
	bool is_lists_only;
	bool keeps_files; /* for apply --confirmed (kernel/kept.h) */
	bool is_forced;   /* also where it locks out who is connected (kernel/guard.h) */
	bool is_for_boot; /* -EALREADY, unsaid, where a policy is in force, unless management only */
};

/* What was done besides writing the policy. */
struct weir_applied {
	bool is_first;    /* there was no gate */
	bool is_replaced; /* the program was: a new version, or larger maps */
	size_t routes_added, routes_removed, routes_in_use;
	size_t others_left; /* differences besides lists, when only lists were asked for */
};

/*
 * Returns 0; -EBUSY: another writer, or a trial runs; or another negative errno. Every failure
 * has a diagnostic, and leaves the policy in force as it was.
 */
int weir_apply(const struct weir_paths *paths, const struct weir_config *config,
	       const struct weir_apply_options *options, struct weir_diags *diags,
	       struct weir_applied *ret_applied);

/* Keep the policy of a running trial. -ENOENT with a diagnostic when none runs. */
int weir_confirm(const struct weir_paths *paths, struct weir_diags *diags);

#endif

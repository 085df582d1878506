/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of verify that is about live bans and releases. Private to user/kernel.
 */
#ifndef WEIR_KERNEL_VERIFY_LIVE_H
#define WEIR_KERNEL_VERIFY_LIVE_H

#include "kernel/maps.h"
#include "kernel/paths.h"
#include "report/verify.h"

/* Add a drift. Returns 0 or -ENOMEM. */
int weir_drift_add(struct weir_drifts *to, enum weir_drift_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * What the journal has and the table has not, the reverse, and what the table has but packets do
 * not look for, because its length or its /24 is not marked.
 */
int weir_verify_live(const struct weir_paths *paths, const struct weir_maps *maps,
		     struct weir_diags *diags, struct weir_drifts *to);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does the kernel hold what the files say?
 */
#ifndef WEIR_KERNEL_VERIFY_H
#define WEIR_KERNEL_VERIFY_H

#include "config/config.h"
#include "kernel/paths.h"
#include "report/verify.h"

/*
 * Compare the files with the live gate: its program, the policy in force down to the last listed
 * address, interfaces and modes, local routes, the hand-off, and the journal of live bans with
 * what packets are judged by. Changes nothing. No gate at all is a drift like any other.
 * Returns 0, with every drift found, or a negative errno with a diagnostic: it cannot be told.
 */
int weir_verify(const struct weir_paths *paths, const struct weir_config *config,
		struct weir_diags *diags, struct weir_drifts *ret_drifts);

#endif

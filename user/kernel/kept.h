/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of the last confirmed policy, kept for the day when those of /etc do not check.
 *
 *   /var/lib/NAME/kept.FINGERPRINT.XXXXXX   a copy (weir_config_keep), whole and on disk
 *   /var/lib/NAME/confirmed, trial          symbolic links to one of them
 *
 * A link is replaced by rename after its copy is on disk, so that whenever a command is killed,
 * the link leads to a whole copy. All of it under apply.lock.
 */
#ifndef WEIR_KERNEL_KEPT_H
#define WEIR_KERNEL_KEPT_H

#include "config/config.h"
#include "kernel/paths.h"

/*
 * Keep the files of `config` as the confirmed policy, or as that of a trial. Nothing is written
 * where the same is kept already. That it fails is a warning: the policy is in force all the same.
 */
void weir_kept_save(const struct weir_paths *paths, const struct weir_config *config, bool is_trial,
		    struct weir_diags *diags);

/* The trial of the policy with this fingerprint was confirmed. A failure is a warning. */
void weir_kept_confirm(const struct weir_paths *paths, __u64 fingerprint, struct weir_diags *diags);

/*
 * Read the copy of the last confirmed policy. Returns 0; -ENOENT with a diagnostic: none is kept;
 * or as weir_config_load.
 */
int weir_kept_load(const struct weir_paths *paths, struct weir_diags *diags,
		   struct weir_config **ret_config);

/* Is the copy of the last confirmed policy of this fingerprint? */
bool weir_kept_is(const struct weir_paths *paths, __u64 fingerprint);

#endif

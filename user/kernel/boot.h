/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy for a machine that comes up, where nobody is at hand who could mend a file.
 */
#ifndef WEIR_KERNEL_BOOT_H
#define WEIR_KERNEL_BOOT_H

#include "config/config.h"
#include "kernel/paths.h"

/*
 * For how long a machine that comes up waits for another writer: an apply of the largest lists on
 * a slow disk, for others of its interfaces, is no reason to come up with less, or unfiltered.
 */
enum { WEIR_BOOT_WAIT_MS = 120000 };

enum weir_boot {
	WEIR_BOOT_IN_FORCE,   /* one was in force already, and stays */
	WEIR_BOOT_FILES,      /* that of the files */
	WEIR_BOOT_CONFIRMED,  /* the last confirmed one: the files do not check */
	WEIR_BOOT_MANAGEMENT, /* management rules alone: there is no copy that checks either */
};

/*
 * Put the best policy in force that there is: the files', else the last confirmed one, else
 * management rules alone (weir_config_load_management). One that is in force stays, unless it is
 * of management rules alone. What is wrong with the better ones is in `diags`, as warnings when
 * another took their place.
 * Returns 0; -EPERM: the lock-out guard refuses, so somebody is here and this is no boot; -EBUSY:
 * another writer goes on for WEIR_BOOT_WAIT_MS; or another negative errno; each with a diagnostic. *ret_config is what the policy came of; after
 * WEIR_BOOT_IN_FORCE the first of the same three that can be read, for its interfaces. The caller
 * frees it.
 */
int weir_boot(const struct weir_paths *paths, const char *config_path, struct weir_diags *diags,
	      enum weir_boot *ret_boot, struct weir_config **ret_config);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long the lists were when they were last put in force: /var/lib/NAME/lists, a line
 * `ENTRIES PATH` for each. What fetches lists without an operator at hand is refused one that
 * was cut short on its way.
 */
#ifndef WEIR_KERNEL_LISTS_H
#define WEIR_KERNEL_LISTS_H

#include "config/config.h"
#include "kernel/paths.h"

/*
 * Has a list lost more than half of its entries since? Returns 0; -EINVAL with an error for each
 * that has, or with a warning and 0 when `is_forced`; or another negative errno with a diagnostic.
 */
int weir_lists_check(const struct weir_paths *paths, const struct weir_config *config,
		     bool is_forced, struct weir_diags *diags);

/* Remember how long they are now. That it fails is a warning. */
void weir_lists_save(const struct weir_paths *paths, const struct weir_config *config,
		     struct weir_diags *diags);

#endif

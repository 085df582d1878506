/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interfaces that somebody has renamed: their link goes on, under a pin that has the old name.
 */
#ifndef WEIR_KERNEL_RENAMED_H
#define WEIR_KERNEL_RENAMED_H

#include "kernel/pins.h"

/*
 * Give each link the name that its interface has now in this network namespace. What is of
 * another namespace keeps the name of its pin.
 */
void weir_links_rename(struct weir_links *links);

/*
 * Rename the pins likewise, so that the former names are free for others. Under apply.lock.
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_links_repin(const struct weir_paths *paths, struct weir_diags *diags);

#endif

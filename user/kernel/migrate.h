/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking over a gate of the release before, whose maps have another layout.
 */
#ifndef WEIR_KERNEL_MIGRATE_H
#define WEIR_KERNEL_MIGRATE_H

#include "kernel/maps.h"
#include "kernel/paths.h"

/*
 * Where an interface, or the pinned program, is of WEIR_LAYOUT_FORMER: load this release's
 * program with the same maps but for those that have another shape, copy these, and put it in
 * place everywhere. Packets are judged alike before, meanwhile and after. Killed on the way, the
 * next one finishes. Under apply.lock.
 * Returns 0, also when there is nothing to do; -EBUSY with a diagnostic: a trial runs; or another
 * negative errno with a diagnostic. Layouts that are not known are left to weir_pins_find to name.
 */
int weir_migrate(const struct weir_paths *paths, struct weir_diags *diags);

#endif

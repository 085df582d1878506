/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Another program in the place of the live one, on every interface at once as far as a packet can
 * tell: both judge alike for as long as both run. It brings larger maps where they are too small.
 */
#ifndef WEIR_KERNEL_REPLACE_H
#define WEIR_KERNEL_REPLACE_H

#include "kernel/maps.h"
#include "kernel/paths.h"

/*
 * Replace the live program by that of this release, and `maps` by its maps. With `blocks_max` it
 * has a weir_blocks of so many entries, into which the half in force is copied; every other map
 * stays. Under apply.lock. Returns 0 or a negative errno with a diagnostic, `maps` then as it was.
 */
int weir_replace_program(const struct weir_paths *paths, struct weir_maps *maps, size_t blocks_max,
			 struct weir_diags *diags);

/*
 * The same with a weir_live of `live_max` entries, into which every live ban and release is
 * copied; commands that add some wait meanwhile. -ENOSPC, without a diagnostic and with nothing
 * changed: there are more.
 */
int weir_replace_live(const struct weir_paths *paths, struct weir_maps *maps, size_t live_max,
		      struct weir_diags *diags);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One generation, written into the inactive half of the maps, put in force, and read back.
 *
 *   weir_half_inactive -> weir_generation_write -> (trial) -> weir_generation_flip
 *
 * A packet reads the control word once, so that it sees one generation whole. A writer that is
 * killed leaves a half-written half that no packet reads.
 */
#ifndef WEIR_KERNEL_GENERATION_H
#define WEIR_KERNEL_GENERATION_H

#include "kernel/maps.h"
#include "plan/plan.h"

/*
 * The half that may be written, once no packet reads it any more: settles a trial that has run
 * out (the control word then names the half in force and no deadline) and waits for a grace
 * period. -EBUSY with a diagnostic while a trial runs: the other half is its way back.
 */
int weir_half_inactive(const struct weir_maps *maps, struct weir_diags *diags, __u32 *ret_half);

/*
 * Where `count` blocks fit beside those of the half in force. Returns the index of the first, or
 * -ENOSPC: weir_blocks must grow.
 */
__s64 weir_blocks_room(const struct weir_maps *maps, size_t count);

/*
 * Write `generation` into `half`, which must be inactive, with its blocks from `blocks_first`.
 * Resets the bucket and the counts of a slot that the half in force gives to no address, or to
 * another one. `live` bits are left to the flip.
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_generation_write(const struct weir_maps *maps, __u32 half, size_t blocks_first,
			  const struct weir_generation *generation, struct weir_diags *diags);

/*
 * Put `half` in force by one store. `deadline_ns` (CLOCK_MONOTONIC) is when the other half comes
 * back by itself, 0 never. Then carries what every bucket owes over to its new rate, so that a
 * changed rate refills none. The caller has rebuilt the live bits under live.lock.
 */
void weir_generation_flip(const struct weir_maps *maps, __u32 half, __u64 deadline_ns);

/*
 * The generation that `half` holds, where it lies: every pointer points into `maps`, ranks are
 * those of the whole weir_blocks and live bits may be set, which weir_diff_make allows for.
 * Nothing of it is to be freed; it is good for as long as `maps` is open and nobody writes the
 * half. False, with *ret_view untouched, when the half holds no complete one.
 */
bool weir_generation_view(const struct weir_maps *maps, __u32 half,
			  struct weir_generation *ret_view);

#endif

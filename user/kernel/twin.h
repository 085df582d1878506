/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Twins of the gate: the same program on the same maps, judging by one given half, that charges
 * and counts nothing and returns the reason's number. The verifier takes longest of all that an
 * apply does, so that twins are kept pinned (twin0_*, twin1_*) and loaded again only when the
 * program or its maps are new.
 */
#ifndef WEIR_KERNEL_TWIN_H
#define WEIR_KERNEL_TWIN_H

#include "kernel/maps.h"
#include "kernel/paths.h"

/*
 * A twin for `half`: the pinned one, or a new one, which is pinned. To be closed by the caller.
 * Returns 0 or a negative errno with a diagnostic. That it could not be pinned is no error.
 */
int weir_twin_open(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		   struct weir_diags *diags, int *ret_fd);

/* The reason that a twin gives for a frame, or a negative errno. */
int weir_twin_judge(int twin_fd, const void *frame, size_t size);

#endif

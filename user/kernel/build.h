/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generation that a configuration asks for on this machine, with this gate.
 */
#ifndef WEIR_KERNEL_BUILD_H
#define WEIR_KERNEL_BUILD_H

#include "config/config.h"
#include "kernel/maps.h"
#include "plan/plan.h"

/*
 * Plan `config` with the machine's addresses, its clock tick and the slots that the policy in
 * force has given out. `maps` may be WEIR_MAPS_NONE: there is no gate yet. Changes nothing.
 * Returns 0 or a negative errno with a diagnostic; weir_generation_free the result.
 */
int weir_build(const struct weir_config *config, const struct weir_maps *maps,
	       struct weir_diags *diags, struct weir_generation **ret_generation);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate's counters, summed over the CPUs.
 */
#ifndef WEIR_KERNEL_COUNTS_H
#define WEIR_KERNEL_COUNTS_H

#include "kernel/maps.h"
#include "report/counts.h"

/*
 * Read every reason's counter, and those of each ingress destination of the policy in force, by
 * address. weir_counts_report_done the result. Returns 0 or a negative errno with a diagnostic.
 */
int weir_counts_read(const struct weir_maps *maps, struct weir_diags *diags,
		     struct weir_counts_report *ret_report);

#endif

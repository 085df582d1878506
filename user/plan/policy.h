/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What policy.c fills in for generation.c. Private to user/plan.
 */
#ifndef WEIR_PLAN_POLICY_H
#define WEIR_PLAN_POLICY_H

#include "plan/plan.h"

/* Add the diagnostic that names what does not fit. Returns -ENOSPC. */
int weir_no_space(struct weir_diags *diags, const char *path, const char *what, size_t count,
		  size_t max);

/* A management rule as the maps hold it. */
struct weir_rule weir_rule_of(const struct weir_management *management);

/* Ports, rules, backends, settings; the other fields stay. Returns 0, or -ENOSPC and says why. */
int weir_policy_fill(const struct weir_config *config, __u64 tick_ns, struct weir_diags *diags,
		     struct weir_policy *policy);

#endif

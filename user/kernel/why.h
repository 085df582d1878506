/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gate makes of a source address, read from its maps as the program reads them.
 */
#ifndef WEIR_KERNEL_WHY_H
#define WEIR_KERNEL_WHY_H

#include "kernel/maps.h"
#include "kernel/paths.h"
#include "plan/journal.h"

struct weir_why {
	bool is_denied;              /* a packet from it drops for its source */
	bool is_base_listed;         /* the denylist of the policy in force has it */
	bool is_allowed;             /* the allowlist of the policy in force has it */
	struct weir_record *records; /* live entries that hold it; bans, then releases */
	size_t count;
};

/* Host order address. Returns 0 or a negative errno with a diagnostic; weir_why_done it. */
int weir_why_read(const struct weir_paths *paths, struct weir_maps *maps, __u32 address,
		  struct weir_diags *diags, struct weir_why *ret_why);
void weir_why_done(struct weir_why *why);

/* Does the denylist of the policy in force have the address? False where there is no policy. */
int weir_base_lists(struct weir_maps *maps, __u32 address, struct weir_diags *diags,
		    bool *ret_is_listed);

#endif

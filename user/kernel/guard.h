/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lock-out guard: whoever is connected to the machine's own services now (an SSH session,
 * as a rule the operator's own) must be able to connect again under the policy to come. Asked
 * of the kernel, not of environment variables, which sudo and tmux lose.
 */
#ifndef WEIR_KERNEL_GUARD_H
#define WEIR_KERNEL_GUARD_H

#include "base/prefix.h"
#include "kernel/maps.h"
#include "kernel/paths.h"

/*
 * Let a twin forced to `half` judge a new SYN from the peer of every established inbound
 * connection to an address that is the machine's own in that half.
 * Returns 0; -EPERM with one diagnostic a peer that would be dropped, which has the line of YAML
 * or the command that lets it in; or another negative errno with a diagnostic.
 */
int weir_guard_policy(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		      struct weir_diags *diags);

/*
 * Likewise for a ban: is one of those peers in a prefix? `releases` asks about taking away a
 * release, which only matters to a peer that is denied without it.
 */
int weir_guard_prefixes(struct weir_maps *maps, const struct weir_prefix *prefixes, size_t count,
			bool releases, struct weir_diags *diags);

#endif

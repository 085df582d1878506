/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lock-out guard: whoever is connected to the machine's own services now (an SSH session,
 * as a rule the operator's own) must be able to connect again under the policy to come. Asked
 * of the kernel, not of environment variables, which sudo and tmux lose.
 *
 * Who counts: the peer of an established inbound connection to an address that the policy names,
 * or one whose packets come in by a filtered interface. Users of apps do not.
 */
#ifndef WEIR_KERNEL_GUARD_H
#define WEIR_KERNEL_GUARD_H

#include "base/prefix.h"
#include "config/config.h"
#include "kernel/maps.h"
#include "kernel/paths.h"

/*
 * Let a twin forced to `half` judge a new SYN from each of them. With `interface`, which is about
 * to be filtered, only those who come in by it count; where it is NULL, filtered is what is
 * attached and what `config` wants attached. `config` may be NULL: it is where the lines go.
 * Returns 0; -EPERM with diagnostics that name whom the policy would drop, and the lines of YAML
 * that let them in; or another negative errno with a diagnostic.
 */
int weir_guard_policy(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		      const struct weir_config *config, const char *interface,
		      struct weir_diags *diags);

/*
 * Likewise before bans of `prefixes` are added (`kind` WEIR_LIVE_BAN) or releases of them removed
 * (WEIR_LIVE_RELEASE). Only who is let in now and then no longer is in the way: that somebody
 * else could not come in again does not stop a ban. Asks the program only when somebody is
 * connected from within `prefixes`.
 */
int weir_guard_prefixes(const struct weir_paths *paths, struct weir_maps *maps, __u32 kind,
			const struct weir_prefix *prefixes, size_t count, struct weir_diags *diags);

#endif

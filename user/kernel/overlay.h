/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's side of live bans: weir_live, the lengths and the live bits. Private to
 * user/kernel; all of it under live.lock.
 */
#ifndef WEIR_KERNEL_OVERLAY_H
#define WEIR_KERNEL_OVERLAY_H

#include "base/prefix.h"
#include "kernel/maps.h"

/* An entry as it is in the kernel. until_ns is CLOCK_MONOTONIC, 0 for no end. */
struct weir_overlay_entry {
	__u32 kind;
	struct weir_prefix prefix;
	__u64 until_ns;
};

/*
 * Add or change: entry first, then its length, then its bits, so that a packet that sees a bit
 * finds the entry. Returns 0, -E2BIG: full, or another negative errno.
 */
int weir_overlay_put(const struct weir_maps *maps, const struct weir_overlay_entry *entry);

/* Returns 0 or -ENOENT. Bits and lengths stay until the next rebuild; they only cost a lookup. */
int weir_overlay_remove(const struct weir_maps *maps, __u32 kind, struct weir_prefix prefix);

/* Returns 0 and the expiry, or -ENOENT; an expired entry counts as none. */
int weir_overlay_get(const struct weir_maps *maps, __u32 kind, struct weir_prefix prefix,
		     __u64 *ret_until_ns);

/*
 * Give every unexpired entry to `visit`, until it returns other than 0, which is returned. What
 * has expired is removed on the way.
 */
int weir_overlay_visit(const struct weir_maps *maps,
		       int (*visit)(void *context, const struct weir_overlay_entry *entry),
		       void *context);

/* Remove what has expired in the next part of the table, so that no command pays for all. */
void weir_overlay_sweep(const struct weir_maps *maps);

#endif

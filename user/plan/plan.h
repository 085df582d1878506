/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From files to maps, on paper: what one half of the maps must hold for a configuration, and
 * how that differs from what the kernel holds. Pure: no I/O, no libbpf.
 */
#ifndef WEIR_PLAN_PLAN_H
#define WEIR_PLAN_PLAN_H

#include "base/diag.h"
#include "config/config.h"
#include "weir/bucket.h"
#include "weir/deny.h"
#include "weir/policy.h"

/* ---- the denylist ---------------------------------------------------------------------- */

/* Base denylist ready to be written: WEIR_GROUPS groups (`live` is 0) and their blocks. */
struct weir_rank {
	struct weir_group *groups;
	struct weir_block *blocks;
	size_t blocks_count;
	__u64 denied_addresses;
};

/*
 * Build the bitmap of every address in any of `denied` and in none of `allowed`, which are
 * sorted ranges without overlap (weir_ranges_merge). Ranks begin at 0: the writer adds where
 * its blocks begin.
 * Returns 0 or -ENOMEM.
 */
int weir_rank_build(const struct weir_range *denied, size_t denied_count,
		    const struct weir_range *allowed, size_t allowed_count,
		    struct weir_rank *ret_rank);
void weir_rank_done(struct weir_rank *rank);

/* Is the host-order address listed? The twin of the gate's lookup. */
bool weir_rank_has(const struct weir_rank *rank, __u32 address);

/* Sort `ranges` and merge what overlaps or touches, in place. Returns how many are left. */
size_t weir_ranges_merge(struct weir_range *ranges, size_t count);

/* ---- one generation -------------------------------------------------------------------- */

/* What one half of every map will hold. Destinations keep their slot from one to the next. */
struct weir_generation {
	struct weir_policy policy;
	struct weir_set *sets;   /* WEIR_SETS */
	struct weir_rate *rates; /* WEIR_DESTINATIONS_MAX, by slot */
	struct weir_range *cdn;  /* policy.cdn_ranges_count */
	struct weir_range *allow;
	struct weir_rank rank;
};

/* An address and its slot, as a live generation has them. */
struct weir_slot {
	__be32 address;
	__u16 slot;
	__u8 roles;
};

/*
 * Build the generation for `config`. `machine` are the machine's own addresses (host order).
 * `taken` are the destinations of the generation in force: an address in it keeps its slot, and
 * a slot in it goes to no other address. `tick_ns` is the clock tick of the kernel, from which
 * rates learn whether they need the exact clock.
 * Returns 0, -ENOMEM, or -EINVAL / -ENOSPC with a diagnostic that names what does not fit.
 */
int weir_generation_build(const struct weir_config *config, const __u32 *machine,
			  size_t machine_count, const struct weir_slot *taken, size_t taken_count,
			  __u64 tick_ns, struct weir_diags *diags,
			  struct weir_generation **ret_generation);
void weir_generation_free(struct weir_generation **generation);

/* Rate and burst as the gate uses them. -ERANGE: the burst's time exceeds WEIR_BURST_UNITS_MAX. */
int weir_rate_make(__u64 bytes_per_s, __u64 burst_bytes, __u64 tick_ns, struct weir_rate *ret_rate);

/* Which destination holds the address, or NULL: the twin of the gate's lookup. */
const struct weir_destination *weir_sets_find(const struct weir_set *sets, __u32 seed,
					      __be32 address);

#endif

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

/* Base denylist ready to be written (weir/deny.h). */
struct weir_rank {
	struct weir_area *areas; /* WEIR_AREAS; `live` is 0 */
	__u32 *ranks;            /* WEIR_AREAS: each area's first cell */
	struct weir_cell *cells;
	size_t cells_count;
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

/* The cell of the address's /20, all 0 where it has none. */
struct weir_cell weir_rank_cell(const struct weir_rank *rank, __u32 address);

/* Is the host-order address listed? The twin of the gate's lookup. */
bool weir_rank_has(const struct weir_rank *rank, __u32 address);

/* ---- one generation -------------------------------------------------------------------- */

/*
 * What one half of every map holds or will hold. Destinations keep their slot from one to the
 * next. Read back from the kernel it is the same struct: `rank.blocks` may then be the whole of
 * weir_blocks with the cells' ranks as they stand there, or a copy of the half's blocks with
 * policy.blocks_first taken from every rank; `live` bits may be set and mean nothing here.
 */
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

/*
 * Make `wanted` the generation `live` but for its lists: denylists, allowlist, the CDN's ranges.
 * `ret_others` is how many other differences were left behind. Returns 0 or -ENOMEM.
 */
int weir_generation_graft(const struct weir_generation *live, struct weir_generation *wanted,
			  size_t *ret_others);

/*
 * Every destination of a generation, in the order of the table, for the `taken` of the next one.
 * The caller frees. Returns 0 or -ENOMEM.
 */
int weir_generation_slots(const struct weir_generation *generation, struct weir_slot **ret_slots,
			  size_t *ret_count);

/* The ingress addresses among them, in host order, sorted. The caller frees. Returns 0 or -ENOMEM. */
int weir_generation_ingress(const struct weir_generation *generation, __u32 **ret_addresses,
			    size_t *ret_count);

/* The slowest that the factor can say, and where a frame of 60 bytes would cost less than 1. */
#define WEIR_RATE_MIN_BYTES_PER_S 8ULL
#define WEIR_RATE_MAX_BYTES_PER_S 960000000000ULL
#define WEIR_BURST_MIN_BYTES      1514ULL /* else no full-sized Ethernet frame would ever pass */

/*
 * Rate and burst as the gate uses them.
 * Returns 0, or -ERANGE: one of them is outside the limits above, or the burst's time exceeds
 * WEIR_BURST_UNITS_MAX.
 */
int weir_rate_make(__u64 bytes_per_s, __u64 burst_bytes, __u64 tick_ns, struct weir_rate *ret_rate);

/*
 * The arrival time of a bucket whose rate changes: what was charged stays charged, in bytes, so
 * that the change neither refills the bucket nor blocks it for longer than the new burst. All
 * times in units.
 */
__u64 weir_rate_carry(const struct weir_rate *from, const struct weir_rate *to, __u64 arrival_units,
		      __u64 now_units);

/* Which destination holds the address, or NULL: the twin of the gate's lookup. */
const struct weir_destination *weir_sets_find(const struct weir_set *sets, __u32 seed,
					      __be32 address);

/* ---- what would change ------------------------------------------------------------------ */

#define WEIR_CHANGE_LIST(X)                                                                        \
	X(DESTINATION, "destination")                                                              \
	X(PORT, "port")                                                                            \
	X(CDN_PORT, "cdn-port")                                                                    \
	X(RULE, "management")                                                                      \
	X(BACKEND, "backend")                                                                      \
	X(SETTING, "setting")                                                                      \
	X(DENYLIST, "denylist")                                                                    \
	X(ALLOWLIST, "allowlist")                                                                  \
	X(CDN, "cdn")

enum weir_change_kind {
#define X(id, slug) WEIR_CHANGE_##id,
	WEIR_CHANGE_LIST(X)
#undef X
};

/* One line of `weir plan`: sign, kind, text. */
struct weir_change {
	enum weir_change_kind kind;
	char sign; /* '+' added, '-' removed, '~' changed */
	char text[160];
};

/* How many addresses a set gains and loses. */
struct weir_moved {
	__u64 added, removed;
};

struct weir_diff {
	struct weir_change *items; /* by kind, and within a kind by address */
	size_t count;              /* 0: nothing would change */
	struct weir_moved denied;  /* addresses of the base denylist; allowed ones are not in it */
	struct weir_moved allowed;
	struct weir_moved cdn;
};

const char *weir_change_slug(enum weir_change_kind kind);

/*
 * What it takes to turn `live` into `wanted`. `live` may be NULL or incomplete: then everything
 * is added. What does not decide a packet (seed, slots, live bits, fingerprint, time of the
 * apply) is no difference. The order in which rules stand is none either.
 * Returns 0 or -ENOMEM.
 */
int weir_diff_make(const struct weir_generation *live, const struct weir_generation *wanted,
		   struct weir_diff *ret_diff);
void weir_diff_done(struct weir_diff *diff);

#endif

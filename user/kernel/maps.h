/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps of one gate, opened: found by name among the maps that its program uses, checked
 * against the layout that this release knows, and mapped into memory where the kernel allows.
 *
 * The live program is the truth. Pins of maps are for people and bpftool; nothing here reads
 * them, so a stale or foreign pin cannot make weir write to maps that no packet sees.
 */
#ifndef WEIR_KERNEL_MAPS_H
#define WEIR_KERNEL_MAPS_H

#include <linux/types.h>
#include <stddef.h>

#include "base/diag.h"
#include "kernel/clock.h"
#include "weir/bucket.h"
#include "weir/counts.h"
#include "weir/deny.h"
#include "weir/policy.h"
#include "weir/watch.h"

/* X(ID, name, type, key bytes, value bytes, entries or 0 for any, mapped when opened) */
#define WEIR_MAP_LIST(X)                                                                           \
	X(CONTROL, "weir_control", ARRAY, 4, sizeof(struct weir_control), 1, 1)                    \
	X(POLICY, "weir_policy", ARRAY, 4, sizeof(struct weir_policy), WEIR_HALVES, 1)             \
	X(DESTS, "weir_dests", ARRAY, 4, sizeof(struct weir_set), WEIR_HALVES *WEIR_SETS, 1)       \
	X(RATES, "weir_rates", ARRAY, 4, sizeof(struct weir_rate),                                 \
	  WEIR_HALVES *WEIR_DESTINATIONS_MAX, 1)                                                   \
	X(CDN, "weir_cdn", ARRAY, 4, sizeof(struct weir_range), WEIR_HALVES *WEIR_CDN_RANGES_MAX,  \
	  1)                                                                                       \
	X(ALLOW, "weir_allow", ARRAY, 4, sizeof(struct weir_range),                                \
	  WEIR_HALVES *WEIR_ALLOW_RANGES_MAX, 1)                                                   \
	X(AREAS, "weir_areas", ARRAY, 4, sizeof(struct weir_area), WEIR_HALVES *WEIR_AREAS, 1)     \
	X(RANKS, "weir_ranks", ARRAY, 4, sizeof(struct weir_ranks),                                \
	  WEIR_HALVES *WEIR_AREAS / WEIR_RANKS_AREAS, 1)                                           \
	X(CELLS, "weir_cells", ARRAY, 4, sizeof(struct weir_cell), WEIR_HALVES *WEIR_CELLS, 0)     \
	X(BLOCKS, "weir_blocks", ARRAY, 4, sizeof(struct weir_block), 0, 0)                        \
	X(LIVE_BITS, "weir_live_bits", ARRAY, 4, sizeof(__u64), WEIR_GROUPS, 1)                    \
	X(LIVE_LENGTHS, "weir_live_lens", ARRAY, 4, sizeof(struct weir_live_lengths), WEIR_AREAS,  \
	  1)                                                                                       \
	X(BUCKETS, "weir_buckets", ARRAY, 4, sizeof(struct weir_bucket), WEIR_DESTINATIONS_MAX, 1) \
	X(LIVE, "weir_live", HASH, sizeof(struct weir_live_key), sizeof(struct weir_live_entry),   \
	  0, 0)                                                                                    \
	X(DST_COUNTS, "weir_dst_counts", PERCPU_ARRAY, 4, sizeof(struct weir_destination_counts),  \
	  WEIR_DESTINATIONS_MAX, 0)                                                                \
	X(COUNTS, "weir_counts", PERCPU_ARRAY, 4, sizeof(struct weir_counts), 1, 0)                \
	X(METER, "weir_meter", PERCPU_ARRAY, 4, 0, 1, 0)                                           \
	X(LISTENERS, "weir_listeners", SOCKMAP, 4, 8, WEIR_LISTENERS, 0)                           \
	X(WATCH, "weir_watch", ARRAY, 4, sizeof(struct weir_watch), 1, 1)                          \
	X(FRAMES, "weir_frames", RINGBUF, 0, 0, WEIR_WATCH_RING_BYTES, 0)                          \
	X(FRAME_COUNT, "weir_frame_cnt", PERCPU_ARRAY, 4, sizeof(struct weir_watch_frame_counts),  \
	  1, 0)                                                                                    \
	X(SAMPLES, "weir_samples", PERCPU_ARRAY, 4, sizeof(struct weir_watch_samples),             \
	  WEIR_WATCH_OUTCOMES, 0)

enum weir_map {
#define X(id, ...) WEIR_MAP_##id,
	WEIR_MAP_LIST(X)
#undef X
		WEIR_MAPS_END,
};

struct weir_maps {
	int program_fd;
	__u32 program_id;
	int fds[WEIR_MAPS_END];
	__u32 ids[WEIR_MAPS_END];
	__u32 entries[WEIR_MAPS_END];
	void *memory[WEIR_MAPS_END]; /* NULL where the map is not mapped */
	size_t sizes[WEIR_MAPS_END]; /* of the mapping, in bytes */
	/* Of a gate of the former layout, in place of `fds`: maps whose values are shorter there. */
	int former_fds[WEIR_MAPS_END];
};

/* The layout of the release before, which apply takes over (kernel/migrate.h). */
enum { WEIR_LAYOUT_FORMER = 3 };

#define WEIR_MAPS_NONE ((struct weir_maps){.program_fd = -1})

/* The name that the kernel shows for the map. */
const char *weir_map_name(enum weir_map map);

/*
 * Open every map that the program uses. Takes `program_fd`, also when it fails.
 * Returns 0; -EPROTO with a diagnostic when a map is missing or has another shape, or the layout
 * is of another release; or a negative errno with a diagnostic. Only a program that has been
 * given its layout (weir_control.layout) passes; `is_new` skips that one check.
 */
int weir_maps_open(int program_fd, bool is_new, struct weir_diags *diags,
		   struct weir_maps *ret_maps);

/*
 * The same of a gate of the layout WEIR_LAYOUT_FORMER, for whoever migrates it: a map that has
 * another shape there is in former_fds, and is neither in fds nor mapped.
 */
int weir_maps_open_former(int program_fd, struct weir_diags *diags, struct weir_maps *ret_maps);

/* The layout that a program's weir_control states. -ENOENT: it is no gate; or -errno. */
int weir_program_layout(int program_fd, __u32 *ret_layout);

/*
 * Map weir_cells and weir_blocks too. weir_maps_open leaves them out, because the kernel fills in
 * every page of a mapping at once and only those who read or write the base denylist need to wait
 * for that.
 */
int weir_maps_open_base(struct weir_maps *maps, struct weir_diags *diags);

/* Unmaps and closes; the kernel keeps what is pinned or attached. */
void weir_maps_done(struct weir_maps *maps);

#define _cleanup_maps_ __attribute__((cleanup(weir_maps_done)))

static inline struct weir_control *weir_maps_control(const struct weir_maps *maps)
{
	return maps->memory[WEIR_MAP_CONTROL];
}

static inline struct weir_watch *weir_maps_watch(const struct weir_maps *maps)
{
	return maps->memory[WEIR_MAP_WATCH];
}

static inline struct weir_policy *weir_maps_policy(const struct weir_maps *maps, __u32 half)
{
	return (struct weir_policy *)maps->memory[WEIR_MAP_POLICY] + half;
}

static inline struct weir_set *weir_maps_sets(const struct weir_maps *maps, __u32 half)
{
	return (struct weir_set *)maps->memory[WEIR_MAP_DESTS] + half * WEIR_SETS;
}

static inline struct weir_rate *weir_maps_rates(const struct weir_maps *maps, __u32 half)
{
	return (struct weir_rate *)maps->memory[WEIR_MAP_RATES] + half * WEIR_DESTINATIONS_MAX;
}

static inline struct weir_range *weir_maps_cdn(const struct weir_maps *maps, __u32 half)
{
	return (struct weir_range *)maps->memory[WEIR_MAP_CDN] + half * WEIR_CDN_RANGES_MAX;
}

static inline struct weir_range *weir_maps_allow(const struct weir_maps *maps, __u32 half)
{
	return (struct weir_range *)maps->memory[WEIR_MAP_ALLOW] + half * WEIR_ALLOW_RANGES_MAX;
}

static inline struct weir_area *weir_maps_areas(const struct weir_maps *maps, __u32 half)
{
	return (struct weir_area *)maps->memory[WEIR_MAP_AREAS] + half * WEIR_AREAS;
}

/* One an area. */
static inline __u32 *weir_maps_ranks(const struct weir_maps *maps, __u32 half)
{
	return (__u32 *)maps->memory[WEIR_MAP_RANKS] + half * WEIR_AREAS;
}

static inline struct weir_cell *weir_maps_cells(const struct weir_maps *maps, __u32 half)
{
	return (struct weir_cell *)maps->memory[WEIR_MAP_CELLS] + half * WEIR_CELLS;
}

/* One word a group; of both halves. */
static inline __u64 *weir_maps_live_bits(const struct weir_maps *maps)
{
	return maps->memory[WEIR_MAP_LIVE_BITS];
}

/* Of the area: the word of that kind, WEIR_LIVE_*. */
static inline __u64 *weir_maps_live_lengths(const struct weir_maps *maps, __u32 area, __u32 kind)
{
	struct weir_live_lengths *lengths = maps->memory[WEIR_MAP_LIVE_LENGTHS];

	return kind == WEIR_LIVE_BAN ? &lengths[area].bans : &lengths[area].releases;
}

static inline struct weir_block *weir_maps_blocks(const struct weir_maps *maps)
{
	return maps->memory[WEIR_MAP_BLOCKS];
}

static inline struct weir_bucket *weir_maps_buckets(const struct weir_maps *maps)
{
	return maps->memory[WEIR_MAP_BUCKETS];
}

/* The half that packets are judged with at this moment. */
__u32 weir_maps_half(const struct weir_maps *maps);

/* The policy in force, or NULL when none has been applied. */
const struct weir_policy *weir_maps_policy_in_force(const struct weir_maps *maps);

#endif

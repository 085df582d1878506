/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps of the gate alone. Sizes that depend on the configuration (blocks, live entries) are
 * set by the loader before the maps are created; the numbers here are the smallest that work.
 */
#ifndef WEIR_BPF_GATE_MAPS_H
#define WEIR_BPF_GATE_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "weir/bucket.h"
#include "weir/counts.h"
#include "weir/deny.h"
#include "weir/policy.h"
#include "weir/watch.h"

/* ---- of each half: the loader writes, the gate reads; what does not fit, `check` refuses ---- */

/* Rates, by slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (WEIR_HALVES * WEIR_DESTINATIONS_MAX));
	__type(key, __u32);
	__type(value, struct weir_rate);
} weir_rates SEC(".maps");

/* The ranges of the CDN. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (WEIR_HALVES * WEIR_CDN_RANGES_MAX));
	__type(key, __u32);
	__type(value, struct weir_range);
} weir_cdn SEC(".maps");

/* The allowlist of the files, for sources that are banned live. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (WEIR_HALVES * WEIR_ALLOW_RANGES_MAX));
	__type(key, __u32);
	__type(value, struct weir_range);
} weir_allow SEC(".maps");

/* The denylist and live bans: areas of 64 /20 networks. What almost every packet reads of it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (WEIR_HALVES * WEIR_AREAS));
	__type(key, __u32);
	__type(value, struct weir_area);
} weir_areas SEC(".maps");

/* The denylist: each area's first cell. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (WEIR_HALVES * WEIR_AREAS / WEIR_RANKS_AREAS));
	__type(key, __u32);
	__type(value, struct weir_ranks);
} weir_ranks SEC(".maps");

/* The denylist: cells of the /20 networks of which something is listed, from the half's start. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (WEIR_HALVES * WEIR_CELLS));
	__type(key, __u32);
	__type(value, struct weir_cell);
} weir_cells SEC(".maps");

/*
 * The denylist: blocks of the /24 networks that are listed in part, of both halves. When a new
 * generation's do not fit, the loader brings a larger map with a new program.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_block);
} weir_blocks SEC(".maps");

/* ---- outside the halves: they outlive generations and programs ----------------------------- */

/*
 * Live bans and releases: `weir deny` and `weir allow` write, the gate reads. Full: the command
 * fails by name and nothing is evicted. Preallocated, so that the gate's lookups never meet an
 * allocation in progress.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_LIVE_DEFAULT);
	__type(key, struct weir_live_key);
	__type(value, struct weir_live_entry);
} weir_live SEC(".maps");

/* Live bits, one a /24: `weir deny` and `weir allow` set them, `apply` clears them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_GROUPS);
	__type(key, __u32);
	__type(value, __u64);
} weir_live_bits SEC(".maps");

/* Lengths of live entries by area, so that few are tried: likewise. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_AREAS);
	__type(key, __u32);
	__type(value, struct weir_live_lengths);
} weir_live_lens SEC(".maps");

/* Token buckets, by slot: the gate charges them, the loader resets those of new slots. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_DESTINATIONS_MAX);
	__type(key, __u32);
	__type(value, struct weir_bucket);
} weir_buckets SEC(".maps");

/* Packets per reason: the gate counts, everybody reads. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_counts);
} weir_counts SEC(".maps");

/* Packets per ingress destination, by slot. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_DESTINATIONS_MAX);
	__type(key, __u32);
	__type(value, struct weir_destination_counts);
} weir_dst_counts SEC(".maps");

/*
 * Return-traffic lookups of this CPU that found nothing in the clock tick, for whom this side has
 * spoken with lately and for all others. The gate's own.
 */
struct weir_meter {
	__u64 tick;
	__u32 spent;
	__u32 spent_known;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_meter);
} weir_meter SEC(".maps");

/* ---- for those who look (weir/watch.h) ----------------------------------------------------- */

/* What is wanted: `weir capture` and `weir top` write, the gate reads and notes when a frame is due. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_watch);
} weir_watch SEC(".maps");

/* Frames: the gate writes, `weir capture` reads. Full: the frame is left out and counted. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WEIR_WATCH_RING_BYTES);
} weir_frames SEC(".maps");

/* What became of the wanted frames: the gate counts, `weir capture` reads. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_watch_frame_counts);
} weir_frame_cnt SEC(".maps");

/* Sampled sources, by outcome: the gate writes over the oldest, `weir top` reads. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_WATCH_OUTCOMES);
	__type(key, __u32);
	__type(value, struct weir_watch_samples);
} weir_samples SEC(".maps");

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps that both programs read: which half is in force, its ports, its destinations, and
 * the proxy's listeners. The loader writes them through mmap; no program writes any of them.
 * None can be full: each holds the named maximum of limits.h, which the loader checks.
 */
#ifndef WEIR_BPF_POLICY_MAPS_H
#define WEIR_BPF_POLICY_MAPS_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "weir/policy.h"

/* The control word, the lengths of live bans, and who watches. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_control);
} weir_control SEC(".maps");

/* Ports, rules and backends of each half. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_HALVES);
	__type(key, __u32);
	__type(value, struct weir_policy);
} weir_policy SEC(".maps");

/* The destination table of each half: address -> slot and roles. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, (WEIR_HALVES * WEIR_SETS));
	__type(key, __u32);
	__type(value, struct weir_set);
} weir_dests SEC(".maps");

/* The proxy's listeners: one a protocol, enum weir_listener. `weir proxy` puts them here. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, WEIR_LISTENERS);
	__type(key, __u32);
	__type(value, __u64);
} weir_listeners SEC(".maps");

#endif

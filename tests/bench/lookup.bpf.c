/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Denylist lookups in a loop inside the kernel: the gate's own code (bpf/deny.h on the gate's
 * maps) and BPF_MAP_TYPE_LPM_TRIE, over the same sources. bench_nothing is the loop alone.
 *
 * One run makes BENCH_LOOKUPS of them, from where the last one stopped; bench_hits says how many
 * sources were listed, so that no lookup can be left out and no wrong answer can be fast.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "deny.h"
#include "lookup.h"
#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct bench_lpm_key);
	__type(value, __u8);
} bench_lpm SEC(".maps");

__u32 bench_sources[BENCH_LOOKUP_SETS][BENCH_LOOKUP_SOURCES];
__u32 bench_set;
__u32 bench_at;
__u64 bench_hits;

static __always_inline __be32 next_source(__u32 i)
{
	return bench_sources[bench_set & (BENCH_LOOKUP_SETS - 1)]
			    [(bench_at + i) & (BENCH_LOOKUP_SOURCES - 1)];
}

static long look_at_nothing(__u32 i, __u64 *hits)
{
	*hits += next_source(i) == 0;
	return 0;
}

static long look_up_deny(__u32 i, __u64 *hits)
{
	struct weir_packet p = {.source = next_source(i)};

	p.policy = bpf_map_lookup_elem(&weir_policy, &p.half);
	if (!p.policy)
		return 1;
	*hits += deny(&p) == WEIR_DROP_DENIED;
	return 0;
}

static long look_up_lpm(__u32 i, __u64 *hits)
{
	struct bench_lpm_key key = {.length = 32, .address = next_source(i)};

	*hits += bpf_map_lookup_elem(&bench_lpm, &key) != NULL;
	return 0;
}

static __always_inline int loop(void *look_up)
{
	__u64 hits = 0;

	bpf_loop(BENCH_LOOKUPS, look_up, &hits, 0);
	bench_hits += hits;
	bench_at += BENCH_LOOKUPS;
	return XDP_DROP;
}

SEC("xdp")
int bench_nothing(struct xdp_md *ctx)
{
	(void)ctx;
	return loop(look_at_nothing);
}

SEC("xdp")
int bench_deny(struct xdp_md *ctx)
{
	(void)ctx;
	return loop(look_up_deny);
}

SEC("xdp")
int bench_trie(struct xdp_md *ctx)
{
	(void)ctx;
	return loop(look_up_lpm);
}

char _license[] SEC("license") = "GPL";

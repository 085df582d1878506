/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets whose source differs every time, for BPF_PROG_TEST_RUN, which repeats one frame.
 *
 * bench_vary writes the next source into the frame and tail-calls the program under test. The
 * same with bench_empty as that program is what all of it costs without the program.
 * bench_stamp leaves the frame alone and notes when it came.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_helpers.h>

#include "vary.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} bench_target SEC(".maps");

__u32 bench_sources[BENCH_VARY_SETS][BENCH_VARY_SOURCES];
__u32 bench_set;
__u64 bench_at;

SEC("xdp.frags")
int bench_vary(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	if ((void *)(ip + 1) > end)
		return XDP_ABORTED;
	ip->saddr = bench_sources[bench_set & (BENCH_VARY_SETS - 1)]
				 [bench_at++ & (BENCH_VARY_SOURCES - 1)];
	bpf_tail_call_static(ctx, &bench_target, 0);
	return XDP_ABORTED;
}

/* When the first and the last frame came, the last one by CPU: their order is nobody's. */
__u64 bench_first_ns;
__u64 bench_last_ns[BENCH_VARY_CPUS];

/* Notes the time and tail-calls the program under test. */
SEC("xdp.frags")
int bench_stamp(struct xdp_md *ctx)
{
	__u64 now_ns = bpf_ktime_get_ns();

	if (!bench_first_ns)
		__sync_val_compare_and_swap(&bench_first_ns, 0, now_ns);
	bench_last_ns[bpf_get_smp_processor_id() & (BENCH_VARY_CPUS - 1)] = now_ns;
	bpf_tail_call_static(ctx, &bench_target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int bench_empty(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";

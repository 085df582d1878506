/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two ends of a flood. bench_send runs on live frames (BPF_F_TEST_XDP_LIVE_FRAMES): it gives
 * each the next source, mends the IPv4 checksum and sends it out by an interface; nothing sends
 * more packets a second on one core. bench_drop is the least that a receiver can do,
 * bench_read the least that one can do who looks at the packet: it waits for the line that the
 * sender's core has just written.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flood.h"

__u32 bench_sources[BENCH_FLOOD_SOURCES];
__u64 bench_at;
__u32 bench_interface;
__u32 bench_sum; /* one's complement sum of the header without source and checksum */

static __always_inline __u16 checksum(__be32 source)
{
	__u32 sum = bench_sum + (source & 0xffff) + (source >> 16);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

SEC("xdp")
int bench_send(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__be32 source = bench_sources[bench_at++ & (BENCH_FLOOD_SOURCES - 1)];

	if ((void *)(ip + 1) > end)
		return XDP_ABORTED;
	ip->saddr = source;
	ip->check = checksum(source);
	return bpf_redirect(bench_interface, 0);
}

SEC("xdp")
int bench_drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

SEC("xdp")
int bench_read(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);

	return (void *)(ip + 1) <= end && ip->saddr ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two ends of a flood. bench_send runs on live frames (BPF_F_TEST_XDP_LIVE_FRAMES): it gives
 * each the next source, mends the checksums and sends it out by an interface; nothing sends more
 * packets a second on one core. At a rate it waits for its turn.
 * bench_drop is the least that a receiver can do,
 * bench_read the least that one can do who looks at the packet: it waits for the line that the
 * sender's core has just written.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flood.h"

__u32 bench_sources[BENCH_FLOOD_SOURCES];
__u32 bench_interface;
__u32 bench_ip_sum;    /* one's complement sum of the header without source and checksum */
__u32 bench_tcp_sum;   /* likewise of the segment and its pseudo header */
__u64 bench_period_ns; /* 0: as fast as it goes */
__u64 bench_next_ns;
__u64 bench_sent;

static __always_inline __u16 checksum(__u32 sum, __be32 source)
{
	sum += (source & 0xffff) + (source >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/*
 * At a rate frames go in bursts, as many as a run of live frames flushes at once: so a NIC that holds
 * its interrupt back brings them, and a wake-up of the receiver for each is no cost of a filter.
 * The wait is here, because a frame given back takes the lock by which the receiver gives them back.
 */
enum { BURST = 64, LOOKS_MAX = 1 << 14 };

static __always_inline void wait_turn(void)
{
	__u64 now_ns = bpf_ktime_get_ns();

	for (int i = 0; i < LOOKS_MAX && now_ns < bench_next_ns; i++)
		now_ns = bpf_ktime_get_ns();
	if (bench_next_ns + BURST * bench_period_ns < now_ns)
		bench_next_ns = now_ns;
	bench_next_ns += BURST * bench_period_ns;
}

SEC("xdp")
int bench_send(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct tcphdr *tcp = (void *)(ip + 1);
	__be32 source;

	if ((void *)(tcp + 1) > end)
		return XDP_ABORTED;
	if (bench_period_ns && bench_sent % BURST == 0)
		wait_turn();
	source = bench_sources[bench_sent++ & (BENCH_FLOOD_SOURCES - 1)];
	ip->saddr = source;
	ip->check = checksum(bench_ip_sum, source);
	tcp->check = checksum(bench_tcp_sum, source);
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

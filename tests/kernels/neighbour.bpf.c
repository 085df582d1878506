/* SPDX-License-Identifier: GPL-2.0-only */
/* Another XDP program on the same interface: counts what the gate lets through to it. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__u64 neighbour_packets;

SEC("xdp.frags")
int neighbour(struct xdp_md *ctx)
{
	(void)ctx;
	__sync_fetch_and_add(&neighbour_packets, 1);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";

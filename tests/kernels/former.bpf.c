/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A gate of the release before, as far as its maps go: it has every map of the gate's, of which
 * the test makes weir_control as short as it was then. It drops what comes from 203.0.113.0/24,
 * as the lab's policy does, and what is no IPv4, and passes the rest.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../../bpf/gate_maps.h"
#include "../../bpf/policy_maps.h"

const volatile __u32 weir_owner = 0;

#define MENTION(map) asm volatile("" ::"r"(&(map)))

static __always_inline void mention_every_map(void)
{
	MENTION(weir_policy);
	MENTION(weir_dests);
	MENTION(weir_rates);
	MENTION(weir_cdn);
	MENTION(weir_allow);
	MENTION(weir_areas);
	MENTION(weir_ranks);
	MENTION(weir_cells);
	MENTION(weir_blocks);
	MENTION(weir_live_bits);
	MENTION(weir_live_lens);
	MENTION(weir_buckets);
	MENTION(weir_live);
	MENTION(weir_dst_counts);
	MENTION(weir_counts);
	MENTION(weir_meter);
	MENTION(weir_listeners);
	MENTION(weir_watch);
	MENTION(weir_frames);
	MENTION(weir_frame_cnt);
	MENTION(weir_samples);
}

SEC("xdp.frags")
int weir_gate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = data;
	struct iphdr *ip = (void *)(ethernet + 1);
	__u32 key = 0;
	struct weir_control *control = bpf_map_lookup_elem(&weir_control, &key);

	mention_every_map();
	if (!control || (weir_owner && control->owner != weir_owner))
		return XDP_PASS;
	if ((void *)(ip + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return XDP_DROP;
	return bpf_ntohl(ip->saddr) >> 8 == 0xcb0071 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";

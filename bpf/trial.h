/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * At the exit: has an `attach --try` of this interface ended unconfirmed?
 *
 * From then on the gate drops nothing that the interface receives, as if it were not attached,
 * with no process alive to detach it. Asked only of what would be dropped, so that a packet that
 * passes pays nothing. Fails closed: where it cannot be told, the packet is dropped.
 */
#ifndef WEIR_BPF_TRIAL_H
#define WEIR_BPF_TRIAL_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "packet.h"
#include "policy_maps.h"

/* Global, so that the kernel verifies its loop once. */
__noinline bool trial_is_of(__u32 interface)
{
	__u32 key = 0;
	const struct weir_control *control = bpf_map_lookup_elem(&weir_control, &key);

	for (int i = 0; control && interface && i < WEIR_TRIAL_INTERFACES_MAX; i++)
		if (control->trial[i] == interface)
			return true;
	return false;
}

/* The reason in place of a drop's. */
static __always_inline __u32 trial_verdict(struct xdp_md *ctx, const struct weir_packet *p,
					   __u32 reason)
{
	__u64 word = p->control ? *(const volatile __u64 *)&p->control->word : 0;

	if (!(word & WEIR_CONTROL_ATTACH) || !weir_control_lets_go(word, bpf_ktime_get_coarse_ns()))
		return reason;
	return trial_is_of(ctx->ingress_ifindex) ? WEIR_PASS_TRIAL_OVER : reason;
}

#endif

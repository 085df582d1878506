/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate: an XDP program that asks each packet a few questions and drops it at the NIC unless
 * every answer is right.
 *
 *   frame -> parse -> scope -> deny -> prove -> hand off -> charge -> pass
 *              each returns a reason, or 0: undecided       -> trial over? -> count -> XDP action
 *
 * The order is the policy: cheapest and most selective first, dear lookups and the clock last.
 * A packet that nothing decided is dropped under a counter of its own, which stays 0.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "charge.h"
#include "count.h"
#include "deny.h"
#include "handoff.h"
#include "packet.h"
#include "parse.h"
#include "proof.h"
#include "scope.h"
#include "trial.h"

/*
 * Nothing objected: the packet passes under its claim. What needed proof was decided by prove(),
 * and 0, no claim, is what undecided means.
 */
static __always_inline __u32 pass(const struct weir_packet *p)
{
	return p->claim;
}

/* Before all else: what is dropped as it is parsed may be watched, too. */
static __always_inline __u32 find_control(struct weir_packet *p)
{
	__u32 key = 0;

	p->control = bpf_map_lookup_elem(&weir_control, &key);
	return p->control ? WEIR_UNDECIDED : WEIR_DROP_MAP;
}

static __always_inline __u32 judge(struct xdp_md *ctx, struct weir_packet *p)
{
	return parse(ctx, p) ?: enter_policy(p) ?: scope(p) ?: deny(p) ?: prove(ctx, p) ?: hand_off(p)
		?: charge(p) ?: pass(p) ?: WEIR_DROP_UNDECIDED;
}

/*
 * 0: attached alone. A gate that shares the NIC through libxdp's dispatcher has a number, and
 * judges only while the control word's owner is that number. The dispatcher cannot replace a
 * program, only add and remove one: an upgrade adds the new gate behind the old one, where it
 * passes everything, stores its number, and removes the old one. A packet that the old gate let
 * go by after the store meets the new one after the store too, so that none goes unjudged.
 */
const volatile __u32 weir_owner = 0;

static __always_inline bool is_standby(const struct weir_packet *p)
{
	return weir_owner && p->control &&
	       *(const volatile __u32 *)&p->control->owner != weir_owner;
}

SEC("xdp.frags")
int weir_gate(struct xdp_md *ctx)
{
	struct weir_packet p = {};
	__u32 reason = find_control(&p);

	if (is_standby(&p))
		return XDP_PASS;
	if (!reason)
		reason = judge(ctx, &p);
	if (weir_twin)
		return reason;
	if (!weir_reason_passes(reason))
		reason = trial_verdict(ctx, &p, reason);
	return conclude(ctx, &p, reason);
}

/* Both clocks at one moment, for the loader, which works out the tick offset from them. */
struct weir_clocks {
	__u64 ticks;
	__u64 monotonic_ns;
};

SEC("syscall")
int weir_clock(struct weir_clocks *clocks)
{
	clocks->ticks = bpf_jiffies64();
	clocks->monotonic_ns = bpf_ktime_get_ns();
	return 0;
}

char _license[] SEC("license") = "GPL";

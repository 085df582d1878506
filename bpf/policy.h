/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which half is in force, and what an address or a port is in it.
 */
#ifndef WEIR_BPF_POLICY_H
#define WEIR_BPF_POLICY_H

#include "policy_maps.h"

/*
 * A twin judges without a trace: it charges, meters and counts nothing, and returns the reason's
 * number in place of the XDP action. `explain` and the trial before a flip run it by hand; it is
 * never attached.
 */
const volatile bool weir_twin = false;

/* -1: the half in force. 0 or 1: that half, for a twin that tries a policy before the flip. */
const volatile __s32 weir_forced_half = -1;

/* The half to judge by. A control word without a trial costs no clock. */
static __always_inline __u32 policy_half(const struct weir_control *control)
{
	__u64 word = *(const volatile __u64 *)&control->word;

	if (weir_forced_half >= 0)
		return weir_forced_half & 1;
	if (!(word & ~WEIR_CONTROL_HALF))
		return word & WEIR_CONTROL_HALF;
	return weir_control_half(word, bpf_ktime_get_coarse_ns());
}

/* The entry of an address in the half's destination table, or NULL. */
static __always_inline const struct weir_destination *policy_destination(__u32 half, __u32 seed,
									 __be32 address)
{
	__u32 key = half * WEIR_SETS + weir_set_of(address, seed);
	const struct weir_set *set = bpf_map_lookup_elem(&weir_dests, &key);

	if (!set || !address)
		return NULL;
#pragma unroll
	for (int i = 0; i < WEIR_WAYS; i++)
		if (set->way[i].address == address)
			return &set->way[i];
	return NULL;
}

/* Where `port` (host order) stands among `ports`, or -1. */
static __always_inline int policy_port(const __u32 ports[WEIR_PORTS_MAX], __u16 port)
{
	__u32 wanted = WEIR_PORT_USED | port;

#pragma unroll
	for (int i = 0; i < WEIR_PORTS_MAX; i++)
		if (ports[i] == wanted)
			return i;
	return -1;
}

/* The key in weir_listeners for a port of the policy, or -1 when it has no such port. */
static __always_inline int policy_listener(const struct weir_policy *policy, __u16 port)
{
	int bit = policy_port(policy->open_ports, port);

	if (bit < 0) {
		bit = policy_port(policy->cdn_ports, port);
		if (bit < 0)
			return -1;
		bit += WEIR_TLS_CDN_SHIFT;
	}
	return policy->tls_ports >> bit & 1 ? WEIR_LISTENER_TLS : WEIR_LISTENER_HTTP;
}

#endif

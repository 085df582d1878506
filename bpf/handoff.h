/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 5: does somebody listen for the connection that this packet begins?
 *
 * Only the first packet of a connection to the proxy is asked, so that while the proxy is away,
 * SYNs are dropped and their retries bridge its restart; refused by the kernel's own lookup, they
 * would be answered with a reset. Fails closed: no listener, no connection.
 */
#ifndef WEIR_BPF_HANDOFF_H
#define WEIR_BPF_HANDOFF_H

#include <bpf/bpf_helpers.h>

#include "packet.h"
#include "policy.h"

static __always_inline __u32 hand_off(const struct weir_packet *p)
{
	struct bpf_sock *listener;
	__u32 key;

	if (!packet_is_ingress(p) || !packet_is_bare_syn(p) || !p->policy->hands_off)
		return WEIR_UNDECIDED;
	/* A policy is tried before it is in force; who listens is not part of it. */
	if (weir_forced_half >= 0)
		return WEIR_UNDECIDED;
	key = policy_listener(p->policy, p->port);
	listener = bpf_map_lookup_elem(&weir_listeners, &key);
	if (!listener)
		return WEIR_DROP_NO_LISTENER;
	bpf_sk_release(listener);
	return WEIR_UNDECIDED;
}

#endif

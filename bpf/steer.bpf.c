/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hand-off: gives new connections to (ingress address, open port) to the proxy's listener,
 * which binds neither. Everything else the kernel looks up as always, so that a management rule's
 * port on the same address still reaches its own server.
 *
 * No listener in the map: refused, because a local server that happens to listen on the port must
 * not get the apps' connections. The kernel answers that with a reset; the gate drops such SYNs
 * before (handoff.h), so that a client of a gated interface waits for the proxy to come back.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "policy.h"

#define AF_INET 2 /* sys/socket.h is the host's, not BPF's */

/* Which listener the connection is for, or -1: not ours to steer. */
static __always_inline int steer_to(const struct bpf_sk_lookup *ctx)
{
	__u32 key = 0, half;
	const struct weir_control *control = bpf_map_lookup_elem(&weir_control, &key);
	const struct weir_destination *destination;
	const struct weir_policy *policy;

	if (ctx->family != AF_INET || ctx->protocol != IPPROTO_TCP || !control)
		return -1;
	half = policy_half(control);
	policy = bpf_map_lookup_elem(&weir_policy, &half);
	if (!policy || !policy->is_complete || !policy->hands_off)
		return -1;
	destination = policy_destination(half, policy->seed, ctx->local_ip4);
	if (!destination || !(destination->roles & WEIR_ROLE_INGRESS))
		return -1;
	return policy_listener(policy, ctx->local_port);
}

SEC("sk_lookup")
int weir_steer(struct bpf_sk_lookup *ctx)
{
	int listener = steer_to(ctx);
	__u32 key = listener;
	struct bpf_sock *socket;
	long r;

	if (listener < 0)
		return SK_PASS;
	socket = bpf_map_lookup_elem(&weir_listeners, &key);
	if (!socket)
		return SK_DROP;
	r = bpf_sk_assign(ctx, socket, 0);
	bpf_sk_release(socket);
	return r ? SK_DROP : SK_PASS;
}

char _license[] SEC("license") = "GPL";

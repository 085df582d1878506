/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hand-off: gives new connections to (ingress address, open port) to the proxy's listener,
 * which binds neither. Everything else the kernel looks up as always, so that a management rule's
 * port on the same address still reaches its own server.
 *
 * No listener in the map: the connection is refused; SK_DROP makes the kernel answer with a
 * reset. A local server that happens to listen on the port must not get the apps' connections.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "policy.h"

#define AF_INET 2 /* sys/socket.h is the host's, not BPF's */

/* The listener for a port of the policy, or -1 when it has no such port. */
static __always_inline int listener_of(const struct weir_policy *policy, __u16 port)
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
	if (!policy || !policy->is_complete)
		return -1;
	destination = policy_destination(half, policy->seed, ctx->local_ip4);
	if (!destination || !(destination->roles & WEIR_ROLE_INGRESS))
		return -1;
	return listener_of(policy, ctx->local_port);
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

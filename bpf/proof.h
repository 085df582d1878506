/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 4: does the packet answer something that this side began?
 *
 * Asked only of what stage 2 said needs it. A lookup costs ten times a deny check, so each CPU
 * may look up in vain a number of times per clock tick; a flood of unsolicited packets runs out
 * of lookups, and ingress traffic, which needs none, does not slow down. Fails closed.
 *
 * What a flood from made-up sources must not use up are the lookups of real answers. So whoever
 * has answered lately is metered apart: a download goes on, and the name server that answered
 * before is heard again. Nobody gets in there but by an answer that was proved. The first answer
 * of somebody new has to share, and is tried again by whoever waits for it.
 */
#ifndef WEIR_BPF_PROOF_H
#define WEIR_BPF_PROOF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "charge.h"
#include "gate_maps.h"
#include "packet.h"
#include "parse.h"
#include "policy.h"

/* Has the kernel the conntrack lookup? Set by the loader; the calls vanish where it has not. */
const volatile bool weir_has_conntrack = false;

/* The kernel's struct bpf_ct_opts: the part that every release has. */
struct bpf_ct_opts___weir {
	__s32 netns_id;
	__s32 error;
	__u8 l4proto;
	__u8 dir; /* out: direction of the tuple that matched */
	__u8 reserved[2];
};

#define CT_REPLY 1 /* IP_CT_DIR_REPLY */

/* Only pointed to. A body all the same: libbpf matches it with the kernel's by kind. */
struct nf_conn {
	unsigned long status;
};

extern struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple,
					 __u32 tuple_bytes, struct bpf_ct_opts___weir *options,
					 __u32 options_bytes) __ksym __weak;
extern void bpf_ct_release(struct nf_conn *connection) __ksym __weak;

/* What this CPU has looked up in vain in this clock tick, or NULL. A twin leaves it as it is. */
static __always_inline struct weir_meter *meter_now(void)
{
	__u32 key = 0;
	__u64 tick = bpf_jiffies64();
	struct weir_meter *meter = bpf_map_lookup_elem(&weir_meter, &key);

	if (meter && !weir_twin && meter->tick != tick) {
		meter->tick = tick;
		meter->spent = meter->spent_known = 0;
	}
	return meter;
}

/*
 * Far addresses that have answered, with the minute of it; 0: none. Where two want one place, the
 * later one has it. Of this program alone: after an upgrade they are learnt anew.
 */
enum { KNOWN_MAX = 4096, KNOWN_MINUTES = 60 };

__u64 weir_known[KNOWN_MAX];

static __always_inline __u64 *known_place(__be32 far)
{
	return &weir_known[(__u32)far * 0x9e3779b1U >> 20 & (KNOWN_MAX - 1)];
}

/* Minutes of 2^36 ns, 69 s. */
static __always_inline __u32 minute_now(void)
{
	return bpf_jiffies64() * weir_tick_ns >> 36;
}

static __always_inline bool is_known(__be32 far)
{
	__u64 entry = *(volatile __u64 *)known_place(far);

	return entry >> 32 == far && minute_now() - (__u32)entry <= KNOWN_MINUTES;
}

/* Written when it changes, once a minute: CPUs share the line. */
static __always_inline void note_known(__be32 far)
{
	__u64 entry = (__u64)far << 32 | minute_now();
	volatile __u64 *place = known_place(far);

	if (*place != entry)
		*place = entry;
}

/* A TCP socket of this machine in any state but LISTEN. */
static __always_inline bool has_tcp_socket(struct xdp_md *ctx, struct bpf_sock_tuple *tuple)
{
	struct bpf_sock *socket = bpf_skc_lookup_tcp(ctx, tuple, sizeof(tuple->ipv4),
						     BPF_F_CURRENT_NETNS, 0);
	bool is_connection;

	if (!socket)
		return false;
	is_connection = socket->state != BPF_TCP_LISTEN;
	bpf_sk_release(socket);
	return is_connection;
}

/* A CONNECTED UDP socket: a server's, bound to its port alone, proves nothing. */
static __always_inline bool has_udp_socket(struct xdp_md *ctx, struct bpf_sock_tuple *tuple)
{
	struct bpf_sock *socket = bpf_sk_lookup_udp(ctx, tuple, sizeof(tuple->ipv4),
						    BPF_F_CURRENT_NETNS, 0);
	bool is_connected;

	if (!socket)
		return false;
	is_connected = socket->dst_port != 0;
	bpf_sk_release(socket);
	return is_connected;
}

/* A connection that a container began through this machine's NAT. */
static __always_inline bool has_nat_entry(struct xdp_md *ctx, struct bpf_sock_tuple *tuple,
					  __u8 protocol)
{
	struct bpf_ct_opts___weir options = {.netns_id = BPF_F_CURRENT_NETNS, .l4proto = protocol};
	struct nf_conn *connection;

	if (!weir_has_conntrack)
		return false;
	connection = bpf_xdp_ct_lookup(ctx, tuple, sizeof(tuple->ipv4), &options, sizeof(options));
	if (!connection)
		return false;
	bpf_ct_release(connection);
	return options.dir == CT_REPLY;
}

/* Does anything of ours have these ends? Sockets first: the cheaper lookup. */
static __always_inline __u32 prove_ends(struct xdp_md *ctx, const struct weir_packet *p,
					const struct weir_ends *ends)
{
	struct bpf_sock_tuple tuple = {.ipv4 = {.saddr = ends->far,
						.daddr = ends->near,
						.sport = ends->far_port,
						.dport = ends->near_port}};

	if (ends->protocol == IPPROTO_TCP ? has_tcp_socket(ctx, &tuple)
					  : has_udp_socket(ctx, &tuple))
		return p->claim;
	if (p->policy->does_nat && has_nat_entry(ctx, &tuple, ends->protocol))
		return p->claim == WEIR_PASS_ICMP ? WEIR_PASS_ICMP : WEIR_PASS_RETURN_NAT;
	return WEIR_DROP_UNSOLICITED;
}

/* Whom the packet claims to answer. False: it cannot answer anything, whatever a lookup says. */
static __always_inline bool claimed_ends(const struct weir_packet *p, struct weir_ends *ret_ends)
{
	if (p->protocol == IPPROTO_ICMP) {
		*ret_ends = p->quote;
		return p->quote.near == p->destination;
	}
	ret_ends->far = p->source;
	ret_ends->near = p->destination;
	ret_ends->far_port = bpf_htons(p->source_port);
	ret_ends->near_port = bpf_htons(p->port);
	ret_ends->protocol = p->protocol;
	return !packet_is_bare_syn(p);
}

/*
 * Within the meter. An answer to a connection costs none of it, or a large download would run
 * out of lookups; what looks for them in vain is what a flood does.
 */
static __always_inline __u32 prove_metered(struct xdp_md *ctx, const struct weir_packet *p,
					   const struct weir_ends *ends)
{
	struct weir_meter *meter = meter_now();
	__u32 *spent, reason;

	if (!meter)
		return WEIR_DROP_MAP;
	spent = is_known(ends->far) ? &meter->spent_known : &meter->spent;
	if (!weir_twin && *spent >= p->policy->proofs_per_tick)
		return WEIR_DROP_PROOF_RATE;
	reason = prove_ends(ctx, p, ends);
	if (weir_twin)
		return reason;
	if (reason == WEIR_DROP_UNSOLICITED)
		++*spent;
	else
		note_known(ends->far);
	return reason;
}

static __always_inline __u32 prove(struct xdp_md *ctx, const struct weir_packet *p)
{
	struct weir_ends ends = {};

	if (!p->needs_proof)
		return WEIR_UNDECIDED;
	if (!claimed_ends(p, &ends))
		return WEIR_DROP_UNSOLICITED;
	if (ends.protocol != IPPROTO_TCP && ends.protocol != IPPROTO_UDP)
		return WEIR_DROP_UNSOLICITED;
	return prove_metered(ctx, p, &ends);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One generation of the policy, as the maps hold it: all that decides, and nothing that counts.
 *
 * Two generations lie side by side in every map of this header, one half each. Packets use the
 * half that the control word names; the loader writes the other one and then stores the word.
 *
 *   weir_control   the word                          weir_policy[half]      ports, rules, backends
 *   weir_dests[half * WEIR_SETS + set]               weir_rates[half * DESTINATIONS_MAX + slot]
 *   weir_cdn[half * CDN_RANGES_MAX + i]              weir_allow[half * ALLOW_RANGES_MAX + i]
 *   weir_cells[half * WEIR_CELLS + ...]              weir_blocks[cell's rank + ...]
 *
 * Addresses that are only compared are __be32 as on the wire; addresses that index or order are
 * host order and say so.
 */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include <linux/types.h>

#include "weir/limits.h"

/* Layout of every map here and in bucket.h, counts.h, deny.h, watch.h. Changes with any of them. */
#define WEIR_LAYOUT 4

/*
 * The control word: bit 0 is the active half. Bits 2 and up, when not all 0, are the
 * CLOCK_MONOTONIC nanosecond (rounded down to a multiple of 4) at which a trial ends, with no
 * process to say so. Bit 1 is what is on trial. 0, a policy: from then on the other half is in
 * force. 1, being attached: from then on nothing is dropped on the interfaces of `trial`. One
 * aligned 8-byte store changes it all, so that there is one trial at a time.
 */
struct weir_control {
	__u64 word;
	__u64 unused[2]; /* so that every release finds the layout where it is */
	__u32 layout;    /* WEIR_LAYOUT */
	__u32 sweep;     /* of the loader: where its sweep of expired live bans goes on */
	__u32 owner;     /* of gates that share a NIC, the one that judges; 0: none shares */
	__u32 watchers;  /* WEIR_WATCH_*: who wants to see packets; the gate forgets the late */
	__u32 live_id;   /* of the loader: which weir_live packets are judged by; 0: there is one */
	__u32 live_moves; /* of the loader: not 0 while another weir_live takes its place */
	__u32 live_unread; /* of the loader: not 0 while the journal has bans that are not in force */
	__u32 reserved[3];
	__u32 trial[WEIR_TRIAL_INTERFACES_MAX]; /* interfaces by index, 0: none */
};

#define WEIR_CONTROL_HALF   1ULL
#define WEIR_CONTROL_ATTACH 2ULL

/* When a trial ends or has ended; 0: there is none. */
static inline __u64 weir_control_deadline(__u64 word)
{
	return word & ~(WEIR_CONTROL_HALF | WEIR_CONTROL_ATTACH);
}

/* The half in force at `now_ns`, which is read only while a trial runs. */
static inline __u32 weir_control_half(__u64 word, __u64 now_ns)
{
	__u64 deadline_ns = weir_control_deadline(word);
	__u32 active = word & WEIR_CONTROL_HALF;

	return deadline_ns && !(word & WEIR_CONTROL_ATTACH) && now_ns >= deadline_ns ? active ^ 1
										     : active;
}

/* Has a trial of being attached ended at `now_ns`, unconfirmed? */
static inline int weir_control_lets_go(__u64 word, __u64 now_ns)
{
	return word & WEIR_CONTROL_ATTACH && now_ns >= weir_control_deadline(word);
}

/* What an address of the gate is; one address may be several. */
enum weir_role {
	WEIR_ROLE_INGRESS = 1, /* apps are reached here: open ports, token bucket */
	WEIR_ROLE_EGRESS = 2,  /* containers leave from here: answers need proof */
	WEIR_ROLE_MACHINE = 4, /* the machine's own: management rules, answers need proof */
};

/* Keys of weir_listeners: one listener a protocol, whatever the port. */
enum weir_listener {
	WEIR_LISTENER_HTTP,
	WEIR_LISTENER_TLS,
	WEIR_LISTENERS,
};

struct weir_destination {
	__be32 address; /* 0: no entry */
	__u16 slot;     /* of weir_rates, weir_buckets, weir_dst_counts */
	__u8 roles;     /* enum weir_role */
	__u8 reserved;
};

struct weir_set {
	struct weir_destination way[WEIR_WAYS];
};

/* Which set may hold the address. The seed is odd and chosen so that every address fits. */
static inline __u32 weir_set_of(__be32 address, __u32 seed)
{
	return ((__u32)address * seed) >> 18; /* the top 14 bits: WEIR_SETS is 2^14 */
}

_Static_assert(WEIR_SETS == 1 << 14, "weir_set_of takes the top 14 bits");

/* What may reach the machine besides ingress traffic. Every field must match. */
struct weir_rule {
	__be32 source, source_mask;
	__be32 destination, destination_mask;
	__u16 source_port_low, source_port_high; /* host order, both ends included */
	__u16 port_low, port_high;
	__u8 protocol; /* IPPROTO_*; 0 is any */
	__u8 reserved[3];
};

struct weir_masked {
	__be32 address, mask;
};

/* Both ends included, host order. Ranges are sorted and do not overlap. */
struct weir_range {
	__u32 low, high;
};

/* Of weir_policy.tls_ports: the bit of cdn_ports[0]; open_ports[0] has bit 0. */
#define WEIR_TLS_CDN_SHIFT 16

/* A port as the gate compares it: an unused entry is 0 and matches no packet. */
#define WEIR_PORT_USED 0x10000u

struct weir_policy {
	__u32 is_complete;                /* 0: never written; the gate then drops */
	__u32 seed;                       /* of the destination table */
	__u32 open_ports[WEIR_PORTS_MAX]; /* WEIR_PORT_USED | port */
	__u32 cdn_ports[WEIR_PORTS_MAX];
	__u32 tls_ports;       /* bit i: open_ports[i] speaks TLS; then cdn_ports */
	__u32 proofs_per_tick; /* return-traffic lookups in vain, of one CPU in a clock tick */
	__u32 hands_off;       /* new connections go to weir's proxy, and wait while it is away */
	__u32 does_nat;        /* egress: nat. The conntrack proof applies */
	__u32 rules_count;
	__u32 backends_count;
	__u32 cdn_ranges_count;
	__u32 allow_ranges_count;
	__u32 destinations_count;
	__u32 blocks_first; /* where this half's blocks begin in weir_blocks, and how many there are */
	__u32 blocks_count;
	__u64 denied_addresses; /* addresses that the base denylist covers */
	__u64 fingerprint;      /* of the files that made it */
	__u64 applied_at_s;     /* CLOCK_REALTIME seconds */
	struct weir_rule rules[WEIR_RULES_MAX];
	struct weir_masked backends[WEIR_BACKENDS_MAX];
};

#endif

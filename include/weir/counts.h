/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters, as the maps hold them: one entry a CPU, one named field a reason, so that
 * `bpftool map dump` reads as a report. The size is fixed by the reserved tail: a new reason
 * takes a slot from it and the map stays the same.
 */
#ifndef WEIR_COUNTS_H
#define WEIR_COUNTS_H

#include <linux/types.h>

#include "weir/limits.h"
#include "weir/reasons.h"

struct weir_count {
	__u64 packets;
	__u64 bytes; /* of whole frames, Ethernet header included */
};

struct weir_counts {
	struct weir_count none; /* slot 0 is no reason and stays 0 */
#define X(id, outcome, slug, text) struct weir_count slug;
	WEIR_REASON_LIST(X)
#undef X
	struct weir_count reserved[WEIR_REASON_SLOTS - WEIR_REASONS_END];
};

/* Packets to one ingress destination, by outcome whatever the reason. */
struct weir_destination_counts {
	struct weir_count passed;
	struct weir_count dropped;
};

_Static_assert(sizeof(struct weir_counts) == WEIR_REASON_SLOTS * sizeof(struct weir_count),
	       "the counters' map must keep its size");

#endif

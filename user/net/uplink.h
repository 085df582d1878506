/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the Internet comes in, as far as the routes tell.
 */
#ifndef WEIR_NET_UPLINK_H
#define WEIR_NET_UPLINK_H

#include "net/interfaces.h"
#include "report/init.h"

struct weir_uplink {
	__u32 gates[WEIR_SURVEY_GATES_MAX]; /* where packets come in first */
	size_t gates_count;
	__u32 way; /* by which the default route leads; 0: there is none */
};

/* Of several default routes the one with the lowest metric. Returns 0 or a negative errno. */
int weir_uplink_find(const struct weir_nics *nics, struct weir_uplink *ret_uplink);

/*
 * Add where packets for an interface come in first: what a VLAN lies on, the hardware of a
 * bridge, anything else itself.
 */
void weir_uplink_add(const struct weir_nics *nics, __u32 index, struct weir_uplink *to);

#endif

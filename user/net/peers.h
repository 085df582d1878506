/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is connected to services of this machine, in this network namespace, and by which
 * interface: asked of the kernel by sock_diag and rtnetlink, never of environment variables.
 */
#ifndef WEIR_NET_PEERS_H
#define WEIR_NET_PEERS_H

#include "base/diag.h"
#include "plan/lockout.h"

/*
 * Every peer of an established inbound TCP connection, IPv4 and IPv6. free(3) them.
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_peers_read(struct weir_diags *diags, struct weir_peer **ret_peers, size_t *ret_count);

/*
 * Keep, in place, those peers that are connected to an address of `generation` (may be NULL), and
 * those whose packets come in, as far as can be told, by one of the interfaces (indexes): the way
 * back to them leads there, also by a VLAN, bond or bridge on top of it, or they are connected to
 * an address of one of them. Connections of this machine to itself go.
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_peers_keep(const struct weir_generation *generation, const __u32 *interfaces,
		    size_t interfaces_count, struct weir_diags *diags, struct weir_peer *peers,
		    size_t *count);

#endif

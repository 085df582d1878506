/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the machine's TCP sockets say (sock_diag): which addresses are in use, who is connected.
 */
#ifndef WEIR_KERNEL_SOCKETS_H
#define WEIR_KERNEL_SOCKETS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

/* Has a TCP connection (any state but LISTEN and TIME_WAIT) this local address? Host order. */
int weir_sockets_use(__u32 address, struct weir_diags *diags, bool *ret_is_used);

/* Who is connected to a service of this machine. Addresses in host order. */
struct weir_peer {
	__u32 peer, local;
	__u16 port; /* local */
};

/*
 * Every established TCP connection to a port on which this machine listens, IPv4 also where a
 * socket carries it as IPv6, without loopback; each peer once a service. free(3) them.
 */
int weir_sockets_inbound(struct weir_diags *diags, struct weir_peer **ret_peers, size_t *ret_count);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TCP sockets of this network namespace, asked of the kernel (sock_diag).
 */
#ifndef WEIR_NET_SOCKETS_H
#define WEIR_NET_SOCKETS_H

#include "base/diag.h"
#include "plan/lockout.h"

enum { WEIR_SOCKETS_FILTER_MAX = 1024 }; /* bytes of bytecode */

struct weir_sockets {
	struct weir_socket *items;
	size_t count;
};

/*
 * Add every socket, IPv4 and IPv6, that is in one of these states (a bit each, 1 << TCP_LISTEN, ...)
 * and passes the filter (inet_diag bytecode; 0 bytes: all). Returns 0 or a negative errno.
 */
int weir_sockets_dump(__u32 states, const void *filter, size_t filter_bytes,
		      struct weir_sockets *to);

/* Every one that listens or is connected. Returns 0 or a negative errno with a diagnostic. */
int weir_sockets_read(struct weir_diags *diags, struct weir_sockets *ret_sockets);
void weir_sockets_done(struct weir_sockets *sockets);

#define _cleanup_sockets_ __attribute__((cleanup(weir_sockets_done)))

/*
 * Has a TCP connection (any state but LISTEN and TIME_WAIT) this local address? Host order. Returns 0
 * or a negative errno with a diagnostic.
 */
int weir_sockets_use(__u32 address, struct weir_diags *diags, bool *ret_is_used);

#endif

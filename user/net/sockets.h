/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the machine's TCP sockets say (sock_diag): which addresses are in use.
 */
#ifndef WEIR_NET_SOCKETS_H
#define WEIR_NET_SOCKETS_H

#include <linux/types.h>
#include <stdbool.h>

#include "base/diag.h"

/* Has a TCP connection (any state but LISTEN and TIME_WAIT) this local address? Host order. */
int weir_sockets_use(__u32 address, struct weir_diags *diags, bool *ret_is_used);

#endif

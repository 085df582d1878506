/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many connections each client address has, all workers together, exactly.
 *
 *   address --keyed hash--> chain --> place {address, count} --> place ...
 *
 * As many places as there may be connections, allocated once: an address without a connection has
 * none, so the table is full only when the proxy is. Chains share a few short locks, which
 * are held for a dozen instructions, twice in a connection's life.
 */
#ifndef WEIR_PROXY_CLIENTS_H
#define WEIR_PROXY_CLIENTS_H

#include <linux/types.h>

struct weir_clients;

/*
 * Room for `connections_max` connections, `per_client` of them from one address.
 * Returns 0, -ENOMEM or -EIO where there is no randomness.
 */
int weir_clients_new(__u32 connections_max, __u32 per_client, struct weir_clients **ret_clients);
void weir_clients_free(struct weir_clients **clients);

/*
 * One connection more from this address, network order. Returns 0; -EDQUOT when it has as many as
 * it may; -ENOSPC when no place is left, which refuses and never lets an uncounted one in.
 */
int weir_clients_enter(struct weir_clients *clients, __be32 address);

/* One less: once for each time that it was let in. */
void weir_clients_leave(struct weir_clients *clients, __be32 address);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one app has been served: connections, requests, bytes. Counted by all workers with atomics,
 * read by whoever reports. Belongs to the app, not to a table, so that a reload forgets nothing.
 */
#ifndef WEIR_PROXY_ACCOUNT_H
#define WEIR_PROXY_ACCOUNT_H

#include <linux/types.h>

enum { WEIR_STATUS_CLASSES = 6 }; /* 0: nothing was sent; else the status by hundreds */

struct weir_account {
	__u32 references;
	__u32 open;        /* client connections whose last request, or hello, named the app */
	__u64 connections; /* that ever did */
	__u64 requests[WEIR_STATUS_CLASSES]; /* HTTP requests that are over, by the status sent */
	__u64 bytes[2];                      /* by enum weir_direction */
	char app[];
};

/* A new one with one reference, or NULL. */
struct weir_account *weir_account_new(const char *app);

/* One reference more, for the caller. */
static inline struct weir_account *weir_account_ref(struct weir_account *account)
{
	__atomic_add_fetch(&account->references, 1, __ATOMIC_RELAXED);
	return account;
}

/* Give a reference back; the last frees it. Nulls the pointer, accepts NULL. */
void weir_account_unref(struct weir_account **account);

struct weir_conn;

/* The connection's request is for this app: count it in, and out of the one before. */
void weir_conn_bill(struct weir_conn *conn, struct weir_account *account);

/* The request, or the connection, is over: count it by its status. */
void weir_conn_bill_end(struct weir_conn *conn);

/* The connection has closed: it is nobody's any more. */
void weir_conn_bill_close(struct weir_conn *conn);

#endif

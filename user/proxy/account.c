/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections -> the counters of the app that they are for: whose is this connection now?
 *
 * A connection is billed to the app of its latest request, or hello. Its bytes are counted when
 * that is over; the connection knows what has been counted, so that nothing is twice. All workers add
 * to the same counters, by atomics.
 */
#include "proxy/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proxy/conn.h"

static void add(__u64 *counter, __u64 amount)
{
	__atomic_add_fetch(counter, amount, __ATOMIC_RELAXED);
}

struct weir_account *weir_account_new(const char *app)
{
	size_t size = strlen(app) + 1;
	struct weir_account *account = calloc(1, sizeof(*account) + size);

	if (!account)
		return NULL;
	account->references = 1;
	memcpy(account->app, app, size);
	return account;
}

void weir_account_unref(struct weir_account **account)
{
	struct weir_account *old = take_pointer(*account);

	if (old && !__atomic_sub_fetch(&old->references, 1, __ATOMIC_ACQ_REL))
		free(old);
}

static void bill_flow(struct weir_conn *conn, const struct weir_flow *flow)
{
	__u64 *billed = &conn->billed_bytes[flow->direction];

	if (flow->moved_bytes > *billed)
		add(&conn->account->bytes[flow->direction], flow->moved_bytes - *billed);
	*billed = flow->moved_bytes;
}

/* What has moved since the last time, if the request under way is billed to an app. */
static void bill_bytes(struct weir_conn *conn)
{
	if (!conn->is_billed)
		return;
	bill_flow(conn, &conn->up);
	bill_flow(conn, &conn->down);
}

void weir_conn_bill_close(struct weir_conn *conn)
{
	if (!conn->account)
		return;
	bill_bytes(conn);
	__atomic_sub_fetch(&conn->account->open, 1, __ATOMIC_RELAXED);
	weir_account_unref(&conn->account);
	conn->is_billed = false;
}

void weir_conn_bill(struct weir_conn *conn, struct weir_account *account)
{
	conn->is_billed = true;
	conn->billed_bytes[WEIR_UP] = conn->billed_bytes[WEIR_DOWN] = 0;
	if (conn->account == account)
		return;
	if (conn->account) {
		__atomic_sub_fetch(&conn->account->open, 1, __ATOMIC_RELAXED);
		weir_account_unref(&conn->account);
	}
	conn->account = weir_account_ref(account);
	__atomic_add_fetch(&account->open, 1, __ATOMIC_RELAXED);
	add(&account->connections, 1);
}

void weir_conn_bill_end(struct weir_conn *conn)
{
	unsigned int class = conn->status / 100;

	bill_bytes(conn);
	if (conn->is_billed && conn->protocol == WEIR_HTTP)
		add(&conn->account->requests[class < WEIR_STATUS_CLASSES ? class : 0], 1);
}

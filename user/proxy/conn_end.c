/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of a connection: how do both sides learn of it, and lose nothing that was on its way?
 *
 *   refuse:  an error page or alert; the next request where it may go on, else linger
 *   finish:  after a last answer: close, or linger while the client still sends
 *   reset:   once the client has what it was sent
 *   abort, dismiss, close: at once
 *
 * Every way out goes through weir_conn_close(), which logs, gives back what was borrowed and leaves
 * memory and descriptors to the worker: events of the same turn may still name them.
 */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "proxy/page.h"
#include "proxy/proxy.h"

/* How often a send queue is looked at before a reset, and may be as full as before: 5 s in all. */
#define RESET_LOOK_NS 20000000ULL
enum { RESET_LOOKS_MAX = 250 };

enum weir_ending weir_conn_up_ending(const struct weir_conn *conn, enum weir_flow_result result)
{
	switch (result) {
	case WEIR_FLOW_CUT:
		return WEIR_END_CLIENT_CLOSED;
	case WEIR_FLOW_FROM_ERROR:
		return WEIR_END_CLIENT_RESET;
	case WEIR_FLOW_BAD:
		return conn->up.chunk.ending;
	case WEIR_FLOW_TOO_LARGE:
		return WEIR_END_BODY_TOO_LARGE;
	case WEIR_FLOW_NO_MEMORY:
		return WEIR_END_OUT_OF_MEMORY;
	default:
		return WEIR_END_NONE;
	}
}

void weir_conn_log(struct weir_conn *conn, enum weir_ending ending)
{
	conn->ending = ending;
	WEIR_COUNT(conn->worker->counters.endings[ending], 1);
	/* Not the end of a request: of a connection between two. */
	if (ending == WEIR_END_KEEPALIVE_TIMEOUT)
		return;
	weir_conn_bill_end(conn);
	if (conn->protocol == WEIR_HTTP && !conn->status)
		conn->status = weir_ending_status(ending);
	weir_log_conn(&conn->worker->proxy->log, conn);
}

void weir_conn_close(struct weir_conn *conn, enum weir_ending ending)
{
	struct weir_worker *worker = conn->worker;

	if (conn->state == WEIR_CONN_CLOSED)
		return;
	if (ending)
		weir_conn_log(conn, ending);
	conn->state = WEIR_CONN_CLOSED;
	weir_conn_bill_close(conn);
	if (conn->is_counted)
		weir_clients_leave(worker->proxy->clients, conn->client_address);
	weir_link_release(conn, false);
	weir_flow_drop(&conn->up, &worker->pools);
	weir_flow_drop(&conn->down, &worker->pools);
	weir_conn_unsniff(conn);
	weir_conn_unroute(conn);
	weir_timer_stop(&conn->timer);
	weir_timer_stop(&conn->meter);
	weir_list_remove(&conn->ready);
	weir_list_remove(&conn->all);
	weir_list_append(&worker->closed, &conn->all);
	WEIR_COUNT(worker->conns_count, -1);
}

void weir_conn_abort(struct weir_conn *conn, enum weir_ending ending)
{
	weir_link_reset(conn);
	weir_conn_close(conn, ending);
}

/* Discard what still comes; MSG_TRUNC on TCP frees it without a copy. */
static void discard(struct weir_end *end)
{
	while (end->can_read) {
		ssize_t n = recv(end->fd, NULL, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);

		end->has_eof |= n == 0;
		end->can_read = n > 0;
	}
}

void weir_conn_dismiss(struct weir_conn *conn, enum weir_ending ending)
{
	/* Unread input would turn the close into a reset, which destroys the last word. */
	discard(&conn->client);
	if (!weir_page_compose(conn, ending, false))
		weir_flow_flush(&conn->down, &conn->worker->pools, conn->worker->now_ns);
	weir_conn_close(conn, ending);
}

void weir_conn_linger(struct weir_conn *conn)
{
	enum weir_flow_result result = weir_flow_pump(&conn->down, &conn->worker->pools,
						      conn->worker->now_ns);

	if (result != WEIR_FLOW_DONE && result != WEIR_FLOW_WAITS) {
		weir_conn_close(conn, WEIR_END_NONE);
		return;
	}
	if (result == WEIR_FLOW_DONE && !conn->client.is_shut) {
		conn->client.is_shut = true;
		shutdown(conn->client.fd, SHUT_WR);
	}
	/* Unread input would turn the close into a reset, which destroys the answer. */
	discard(&conn->client);
	if (conn->client.has_error || (conn->client.has_eof && conn->client.is_shut))
		weir_conn_close(conn, WEIR_END_NONE);
}

static void start_lingering(struct weir_conn *conn)
{
	weir_link_release(conn, false);
	weir_buffers_return(&conn->worker->pools.buffers, &conn->up.head);
	weir_buffers_return(&conn->worker->pools.buffers, &conn->up.in);
	weir_pipes_return(&conn->worker->pools.pipes, &conn->up.pipe);
	conn->state = WEIR_CONN_LINGER;
	conn->down.framing = WEIR_FRAMED_EMPTY;
	conn->down.is_whole = true;
	weir_conn_wait(conn, weir_conn_limits(conn)->linger_ns);
	weir_conn_linger(conn);
}

void weir_conn_finish(struct weir_conn *conn)
{
	bool is_quiet = conn->is_up_done && !conn->up.in && !conn->client.can_read;

	if (is_quiet && !weir_flow_has_residue(&conn->down))
		weir_conn_close(conn, WEIR_END_NONE);
	else
		start_lingering(conn);
}

/* Is the client still taking what it was sent? Slowly will do. */
static bool is_draining(struct weir_conn *conn)
{
	int queued = 0;

	if (conn->client.has_error || ioctl(conn->client.fd, SIOCOUTQ, &queued) < 0 || !queued)
		return false;
	conn->drain_tries = (__u32)queued < conn->drain_bytes ? 0 : conn->drain_tries + 1;
	conn->drain_bytes = queued;
	return conn->drain_tries <= RESET_LOOKS_MAX;
}

void weir_conn_try_reset(struct weir_conn *conn)
{
	static const struct linger abort = {.l_onoff = 1};

	if (is_draining(conn)) {
		weir_conn_wait(conn, RESET_LOOK_NS);
		return;
	}
	setsockopt(conn->client.fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	weir_conn_close(conn, WEIR_END_NONE);
}

void weir_conn_reset(struct weir_conn *conn, enum weir_ending ending)
{
	weir_conn_log(conn, ending);
	weir_link_release(conn, false);
	weir_flow_drop(&conn->up, &conn->worker->pools);
	weir_flow_drop(&conn->down, &conn->worker->pools);
	conn->state = WEIR_CONN_RESET;
	weir_conn_try_reset(conn);
}

/* The request was read whole and well: the answer, even an error page, need not be the last. */
static bool may_go_on(const struct weir_conn *conn)
{
	return conn->protocol == WEIR_HTTP && conn->keeps_alive && conn->up.is_whole &&
	       !conn->worker->is_draining;
}

void weir_conn_refuse(struct weir_conn *conn, enum weir_ending ending)
{
	struct weir_worker *worker = conn->worker;
	bool goes_on = may_go_on(conn);
	enum weir_flow_result result;

	conn->ending = ending;
	weir_link_release(conn, false);
	weir_conn_unroute(conn);
	weir_conn_unsniff(conn);
	weir_buffers_return(&worker->pools.buffers, &conn->down.in);
	weir_pipes_return(&worker->pools.pipes, &conn->down.pipe);
	/* What of the request's body had not gone yet goes nowhere, nor before the next request. */
	weir_pipes_return(&worker->pools.pipes, &conn->up.pipe);
	if (conn->up.in)
		conn->up.in->start = conn->up.in->judged;
	if (conn->up.in && conn->up.in->start == conn->up.in->end)
		weir_buffers_return(&worker->pools.buffers, &conn->up.in);
	if (conn->has_response || weir_page_compose(conn, ending, goes_on) < 0) {
		/* The client has a part of a response: all that can be said is that it is cut. */
		weir_conn_reset(conn, ending);
		return;
	}
	weir_flow_start(&conn->down, WEIR_FRAMED_EMPTY, 0);
	result = weir_flow_pump(&conn->down, &worker->pools, worker->now_ns);
	weir_conn_log(conn, ending);
	if (goes_on && (result == WEIR_FLOW_DONE || result == WEIR_FLOW_WAITS))
		weir_http_next(conn);
	else
		start_lingering(conn);
}

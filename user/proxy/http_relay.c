/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP while it moves: send the request, relay the answer, and what becomes of both connections.
 *
 *   client --up----> container      head composed by http_request.c, then the body
 *   client <--down-- container      head read and composed by http_response.c, then the body
 *
 * Both flows run at the same time: a container may answer before it has read the whole body. A
 * request that breaks off does not end the exchange: an answer may be on its way already.
 */
#include <errno.h>

#include "proxy/proxy.h"

/* Send the request. Returns false when the connection has gone on to something else. */
static bool relay_up(struct weir_conn *conn)
{
	__u64 before = conn->up.moved_bytes;
	enum weir_flow_result result;

	if (conn->is_up_done || conn->is_up_broken)
		return true;
	result = weir_conn_pump(conn, &conn->up);
	switch (result) {
	case WEIR_FLOW_WAITS:
	case WEIR_FLOW_YIELDS:
	case WEIR_FLOW_THROTTLED:
		/* No answer is due while the request is still coming. */
		if (conn->up.moved_bytes != before)
			weir_conn_wait(conn, weir_conn_limits(conn)->idle_ns);
		return true;
	case WEIR_FLOW_DONE:
		conn->is_up_done = true;
		if (!conn->has_answered)
			conn->times.sent_ns = conn->worker->now_ns;
		/* Interim responses may have come; the answer is due from here on. */
		if (!conn->has_response)
			weir_conn_wait(conn, weir_conn_limits(conn)->first_byte_ns);
		return true;
	case WEIR_FLOW_TO_ERROR:
		/* The container may have answered and closed: its answer is still to be read. */
		conn->is_up_broken = true;
		conn->link->end.can_read = true;
		return true;
	case WEIR_FLOW_CUT:
	case WEIR_FLOW_FROM_ERROR:
		weir_conn_abort(conn, weir_conn_up_ending(conn, result));
		return false;
	case WEIR_FLOW_BAD:
	case WEIR_FLOW_TOO_LARGE:
	case WEIR_FLOW_NO_MEMORY:
		weir_link_reset(conn);
		weir_conn_refuse(conn, weir_conn_up_ending(conn, result));
		return false;
	}
	return true;
}

/* Both messages are whole: the link goes to the next request, the connection to its next. */
static void finish(struct weir_conn *conn)
{
	bool has_excess = conn->down.in != NULL;

	weir_conn_log(conn, WEIR_END_COMPLETE);
	weir_link_release(conn, conn->link_keeps_alive && conn->is_up_done && !has_excess);
	weir_buffers_return(&conn->worker->pools.buffers, &conn->down.in);
	if (conn->keeps_alive && conn->is_up_done)
		weir_http_next(conn);
	else
		weir_conn_finish(conn);
}

/* What ended the response: its close, or a reset that sending the request was told of already. */
static enum weir_flow_result down_result(struct weir_conn *conn)
{
	enum weir_flow_result result = weir_conn_pump(conn, &conn->down);

	if (result == WEIR_FLOW_DONE && conn->down.framing == WEIR_FRAMED_CLOSE &&
	    conn->link->end.error == ECONNRESET)
		return WEIR_FLOW_FROM_ERROR;
	return result;
}

static void relay_down(struct weir_conn *conn)
{
	switch (down_result(conn)) {
	case WEIR_FLOW_WAITS:
	case WEIR_FLOW_YIELDS:
	case WEIR_FLOW_THROTTLED:
		break;
	case WEIR_FLOW_DONE:
		finish(conn);
		break;
	case WEIR_FLOW_TO_ERROR:
		weir_conn_abort(conn, WEIR_END_CLIENT_RESET);
		break;
	case WEIR_FLOW_CUT:
		weir_container_failed(conn->link->container, conn->worker->now_ns);
		weir_conn_reset(conn, WEIR_END_CONTAINER_CLOSED);
		break;
	case WEIR_FLOW_FROM_ERROR:
		weir_container_failed(conn->link->container, conn->worker->now_ns);
		weir_conn_reset(conn, WEIR_END_CONTAINER_RESET);
		break;
	case WEIR_FLOW_BAD:
		weir_conn_reset(conn, WEIR_END_RESPONSE_CHUNK);
		break;
	case WEIR_FLOW_TOO_LARGE:
	case WEIR_FLOW_NO_MEMORY:
		weir_conn_reset(conn, WEIR_END_OUT_OF_MEMORY);
		break;
	}
}

void weir_http_relay(struct weir_conn *conn)
{
	__u64 before = conn->down.moved_bytes;

	if (conn->client.has_error) {
		weir_conn_abort(conn, WEIR_END_CLIENT_RESET);
		return;
	}
	if (!relay_up(conn))
		return;
	if (!conn->has_response && !weir_http_read_response(conn))
		return;
	/* After a switch of protocols the tunnel goes on from here. */
	if (conn->is_tunnel)
		return;
	relay_down(conn);
	if (conn->state == WEIR_CONN_RELAY && conn->down.moved_bytes != before)
		weir_conn_wait(conn, weir_conn_limits(conn)->idle_ns);
}

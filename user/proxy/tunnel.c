/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tunnel: bytes both ways until both sides have closed, as TCP closes.
 *
 * Each side's FIN is passed on after its last byte, and the other direction goes on. A reset is
 * passed on as a reset, but only after what came before it: a flow reads from its source only
 * when all it had is with the sink, so that an error shows after the last byte has been read.
 */
#include <errno.h>
#include <sys/socket.h>

#include "proxy/proxy.h"

static void shut(struct weir_end *end)
{
	if (!end->is_shut)
		shutdown(end->fd, SHUT_WR);
	end->is_shut = true;
}

/*
 * The sink takes no more. What it sent before it broke is still to be read, and the other flow will
 * find its end; but where only memory was short it is not broken, and would never end.
 */
static bool sink_failed(struct weir_conn *conn, struct weir_flow *flow)
{
	if (flow->to->error == ENOBUFS || flow->to->error == ENOMEM) {
		weir_conn_reset(conn, WEIR_END_OUT_OF_MEMORY);
		return false;
	}
	weir_flow_drop(flow, &conn->worker->pools);
	return true;
}

/* One of the ends broke. */
static void break_off(struct weir_conn *conn, struct weir_end *broken)
{
	if (broken == &conn->client)
		weir_conn_abort(conn, WEIR_END_CLIENT_RESET);
	else
		weir_conn_reset(conn, WEIR_END_CONTAINER_RESET);
}

/* Returns false when the connection has been closed. */
static bool relay(struct weir_conn *conn, struct weir_flow *flow, bool *is_done)
{
	if (*is_done)
		return true;
	switch (weir_conn_pump(conn, flow)) {
	case WEIR_FLOW_WAITS:
	case WEIR_FLOW_YIELDS:
	case WEIR_FLOW_THROTTLED:
		return true;
	case WEIR_FLOW_DONE:
		conn->client_closed_first |= flow == &conn->up && !conn->is_down_done;
		*is_done = true;
		/* With the other direction done, too, the close that follows says it. */
		if (!conn->is_up_done || !conn->is_down_done)
			shut(flow->to);
		return true;
	case WEIR_FLOW_TO_ERROR:
		*is_done = true;
		return sink_failed(conn, flow);
	case WEIR_FLOW_FROM_ERROR:
		break_off(conn, flow->from);
		return false;
	default:
		weir_conn_reset(conn, WEIR_END_OUT_OF_MEMORY);
		return false;
	}
}

void weir_tunnel_relay(struct weir_conn *conn)
{
	__u64 before = conn->up.moved_bytes + conn->down.moved_bytes;

	if (!relay(conn, &conn->up, &conn->is_up_done) ||
	    !relay(conn, &conn->down, &conn->is_down_done))
		return;
	if (conn->down.moved_bytes && !conn->times.answered_ns)
		conn->times.answered_ns = conn->worker->now_ns;
	if (conn->is_up_done && conn->is_down_done) {
		if (conn->client.error || conn->link->end.error)
			break_off(conn, conn->client.error ? &conn->client : &conn->link->end);
		else
			weir_conn_close(conn, conn->protocol == WEIR_TLS ? WEIR_END_COMPLETE
									 : WEIR_END_UPGRADED);
		return;
	}
	if (conn->up.moved_bytes + conn->down.moved_bytes != before)
		weir_conn_wait(conn, weir_conn_limits(conn)->tunnel_ns);
}

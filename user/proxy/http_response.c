/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP, the container's side: send the request, read the response head, relay both bodies.
 *
 * The request's flow and the response's run at the same time: a container may answer before it has
 * read the whole body. A link that fails before any byte of a response came may be replaced
 * once, if the request can be sent again.
 */
#include <errno.h>

#include "proxy/page.h"
#include "proxy/proxy.h"
#include "proxy/rewrite.h"

static const struct weir_proxy_limits *limits(const struct weir_conn *conn)
{
	return &conn->worker->proxy->limits;
}

static enum weir_flow_result pump(struct weir_conn *conn, struct weir_flow *flow)
{
	enum weir_flow_result result = weir_flow_pump(flow, &conn->worker->pools,
						      conn->worker->now_ns);

	if (result == WEIR_FLOW_YIELDS)
		weir_conn_again(conn);
	else if (result == WEIR_FLOW_THROTTLED)
		weir_conn_throttle(conn, flow);
	return result;
}

static void client_is_gone(struct weir_conn *conn, enum weir_ending ending)
{
	weir_link_reset(conn);
	weir_conn_close(conn, ending);
}

/* Send the request. Returns false when the connection has gone on to something else. */
static bool relay_up(struct weir_conn *conn)
{
	__u64 before = conn->up.moved_bytes;

	if (conn->is_up_done || conn->is_up_broken)
		return true;
	switch (pump(conn, &conn->up)) {
	case WEIR_FLOW_WAITS:
	case WEIR_FLOW_YIELDS:
	case WEIR_FLOW_THROTTLED:
		/* No answer is due while the request is still coming. */
		if (conn->up.moved_bytes != before)
			weir_conn_wait(conn, limits(conn)->idle_ns);
		return true;
	case WEIR_FLOW_DONE:
		conn->is_up_done = true;
		if (!conn->has_answered)
			conn->times.sent_ns = conn->worker->now_ns;
		/* Interim responses may have come; the answer is due from here on. */
		if (!conn->has_response)
			weir_conn_wait(conn, limits(conn)->first_byte_ns);
		return true;
	case WEIR_FLOW_TO_ERROR:
		/* The container may have answered and closed: its answer is still to be read. */
		conn->is_up_broken = true;
		conn->link->end.can_read = true;
		return true;
	case WEIR_FLOW_CUT:
		client_is_gone(conn, WEIR_END_CLIENT_CLOSED);
		return false;
	case WEIR_FLOW_FROM_ERROR:
		client_is_gone(conn, WEIR_END_CLIENT_RESET);
		return false;
	case WEIR_FLOW_BAD:
		weir_link_reset(conn);
		weir_conn_refuse(conn, conn->up.chunk.ending);
		return false;
	case WEIR_FLOW_TOO_LARGE:
		weir_link_reset(conn);
		weir_conn_refuse(conn, WEIR_END_BODY_TOO_LARGE);
		return false;
	case WEIR_FLOW_NO_MEMORY:
		weir_link_reset(conn);
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
		return false;
	}
	return true;
}

/* The link ended before a response came. */
static void no_response(struct weir_conn *conn, enum weir_flow_result result)
{
	bool may_repeat = conn->link->is_reused && conn->is_idempotent && !conn->has_answered &&
			  conn->up.head;

	if (may_repeat) {
		conn->up.head->start = 0;
		conn->up.is_whole = true;
		conn->is_up_done = conn->is_up_broken = false;
		weir_buffers_return(&conn->worker->pools.buffers, &conn->down.in);
		weir_conn_unsniff(conn);
		if (weir_conn_retry(conn))
			return;
	}
	weir_container_failed(conn->link->container, conn->worker->now_ns);
	weir_conn_refuse(conn, result == WEIR_FLOW_CUT ? WEIR_END_CONTAINER_CLOSED
						       : WEIR_END_CONTAINER_RESET);
}

/* Put a head for the client into down.head, after what is there. */
static bool compose(struct weir_conn *conn, const struct weir_response *response,
		    const struct weir_rewrite_response *how)
{
	struct weir_buffers *buffers = &conn->worker->pools.buffers;
	struct weir_buffer *in = conn->down.in, **head = &conn->down.head;
	__u32 room = response->size + WEIR_REWRITE_ROOM;

	if (!*head)
		*head = weir_buffers_borrow(buffers, room);
	if (!*head || ((*head)->size - (*head)->end < room &&
		       weir_buffers_grow(buffers, head, (*head)->end + room) < 0))
		return false;
	(*head)->end += weir_rewrite_response(response, in->data + in->start, how,
					      (*head)->data + (*head)->end);
	(*head)->judged = (*head)->end;
	in->start = in->judged = in->start + response->size;
	return true;
}

/* The container has agreed to another protocol: from here on it is bytes. */
static void start_tunnel(struct weir_conn *conn)
{
	conn->is_tunnel = true;
	conn->is_up_done = conn->is_down_done = false;
	conn->keeps_alive = false;
	weir_flow_start(&conn->up, WEIR_FRAMED_CLOSE, 0);
	weir_flow_start(&conn->down, WEIR_FRAMED_CLOSE, 0);
	conn->up.data_max = 0;
	/* Nothing will be sent again, and a tunnel may last: it keeps no head and no routes. */
	conn->up.keeps_head = false;
	weir_conn_unroute(conn);
	weir_conn_wait(conn, limits(conn)->tunnel_ns);
}

/* 1xx: passed on at once to who can read it. Returns false when it ends the exchange. */
static bool take_interim(struct weir_conn *conn, const struct weir_response *response)
{
	bool is_switch = response->status == 101;
	struct weir_rewrite_response how = {.keeps_alive = true, .is_switch = is_switch};
	struct weir_buffer *in = conn->down.in;

	if (is_switch && !conn->upgrades) {
		weir_conn_refuse(conn, WEIR_END_RESPONSE_SWITCH);
		return false;
	}
	/* Together no larger than one head may be: they come before the client reads any of them. */
	conn->interim_bytes += response->size;
	if (conn->interim_bytes > WEIR_RESPONSE_HEAD_MAX) {
		weir_container_failed(conn->link->container, conn->worker->now_ns);
		weir_conn_refuse(conn, WEIR_END_RESPONSE_TOO_LONG);
		return false;
	}
	if (!conn->request_minor) {
		in->start = in->judged = in->start + response->size;
		return true;
	}
	if (!compose(conn, response, &how)) {
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
		return false;
	}
	if (is_switch) {
		conn->status = 101;
		weir_container_served(conn->link->container);
		start_tunnel(conn);
	}
	return true;
}

/* The final response's head is here: decide how its body travels and what becomes of the connection. */
static bool take_response(struct weir_conn *conn, const struct weir_response *response)
{
	bool is_old = !conn->request_minor;
	bool drops_coding = is_old && response->framing == WEIR_FRAMED_CHUNKED;
	struct weir_rewrite_response how = {.says_alive = is_old, .drops_coding = drops_coding};

	conn->status = response->status;
	conn->link_keeps_alive = response->keeps_alive;
	conn->keeps_alive = conn->keeps_alive && response->framing != WEIR_FRAMED_CLOSE &&
			    !drops_coding && conn->is_up_done && !conn->worker->is_draining;
	how.keeps_alive = conn->keeps_alive;
	if (!compose(conn, response, &how)) {
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
		return false;
	}
	conn->has_response = true;
	weir_flow_start(&conn->down, response->framing, response->fields.content_length);
	conn->down.is_bulk = response->framing == WEIR_FRAMED_LENGTH &&
			     response->fields.content_length >= WEIR_SPLICE_MIN;
	conn->down.drops_framing = drops_coding;
	/* It will not be sent again. */
	conn->up.keeps_head = false;
	if (conn->is_up_done)
		weir_buffers_return(&conn->worker->pools.buffers, &conn->up.head);
	weir_conn_unroute(conn);
	weir_container_served(conn->link->container);
	return true;
}

enum heads {
	HEAD_INCOMPLETE, /* more bytes are needed */
	HEAD_FINAL,      /* a final response's, or a switch of protocols: the relay goes on */
	HEAD_ENDED,      /* the connection has gone on to something else */
};

/* Take the heads that are in down.in: interim ones, then the final one. */
static enum heads take_heads(struct weir_conn *conn)
{
	struct weir_response *response = &conn->sniffing->response;
	struct weir_buffer *in = conn->down.in;

	while (in->start < in->end) {
		enum weir_sniff sniff = weir_response_feed(response, in->data + in->start,
							   in->end - in->start);

		if (sniff == WEIR_MORE)
			break;
		if (sniff == WEIR_BAD) {
			weir_container_failed(conn->link->container, conn->worker->now_ns);
			weir_conn_refuse(conn, response->ending);
			return HEAD_ENDED;
		}
		if (response->status >= 200)
			return take_response(conn, response) ? HEAD_FINAL : HEAD_ENDED;
		if (!take_interim(conn, response))
			return HEAD_ENDED;
		if (conn->is_tunnel)
			return HEAD_FINAL;
		weir_response_init(response, conn->is_head);
	}
	return HEAD_INCOMPLETE;
}

/* Send an interim response while the final one is awaited. */
static void flush_interim(struct weir_conn *conn)
{
	if (!conn->down.head)
		return;
	conn->down.framing = WEIR_FRAMED_EMPTY;
	conn->down.is_whole = true;
	if (pump(conn, &conn->down) == WEIR_FLOW_TO_ERROR)
		client_is_gone(conn, WEIR_END_CLIENT_RESET);
}

static enum heads response_not_read(struct weir_conn *conn, enum weir_flow_result result)
{
	if (result == WEIR_FLOW_WAITS)
		flush_interim(conn);
	else if (result == WEIR_FLOW_NO_MEMORY)
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
	else
		no_response(conn, result);
	return conn->state == WEIR_CONN_RELAY ? HEAD_INCOMPLETE : HEAD_ENDED;
}

/* Read until a final response's head is whole. */
static enum heads read_response(struct weir_conn *conn)
{
	enum heads heads = HEAD_INCOMPLETE;

	if (!conn->sniffing) {
		if (!weir_conn_sniffing(conn)) {
			weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
			return HEAD_ENDED;
		}
		weir_response_init(&conn->sniffing->response, conn->is_head);
	}
	while (heads == HEAD_INCOMPLETE) {
		enum weir_flow_result result = weir_flow_read(&conn->down, &conn->worker->pools);

		if (result != WEIR_FLOW_DONE)
			return response_not_read(conn, result);
		if (!conn->has_answered) {
			conn->times.answered_ns = conn->worker->now_ns;
			weir_conn_wait(conn, limits(conn)->idle_ns);
		}
		conn->has_answered = true;
		heads = take_heads(conn);
	}
	if (heads == HEAD_FINAL)
		weir_conn_unsniff(conn);
	return heads;
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
	enum weir_flow_result result = pump(conn, &conn->down);

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
		client_is_gone(conn, WEIR_END_CLIENT_RESET);
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
		client_is_gone(conn, WEIR_END_CLIENT_RESET);
		return;
	}
	if (!relay_up(conn))
		return;
	if (!conn->has_response && read_response(conn) != HEAD_FINAL)
		return;
	/* After a switch of protocols the tunnel goes on from here. */
	if (conn->is_tunnel)
		return;
	relay_down(conn);
	if (conn->state == WEIR_CONN_RELAY && conn->down.moved_bytes != before)
		weir_conn_wait(conn, limits(conn)->idle_ns);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP, the container's head: what did it answer, and may the client have it?
 *
 * down.in -> interim heads (1xx), passed on at once, then the final one, rewritten into down.head;
 * it decides how the body travels and what becomes of both connections. A 101 that was asked for
 * makes a tunnel. A link that fails before any byte of an answer came may be replaced once, if the
 * request can be sent again; a head that must not reach the client counts against its container.
 */
#include "proxy/proxy.h"
#include "proxy/rewrite.h"

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
	struct weir_buffer *in = conn->down.in, *head;

	if (weir_buffers_make_room(&conn->worker->pools.buffers, &conn->down.head,
				   response->size + WEIR_REWRITE_ROOM))
		return false;
	head = conn->down.head;
	head->end += weir_rewrite_response(response, in->data + in->start, how,
					   head->data + head->end);
	head->judged = head->end;
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
	weir_conn_wait(conn, weir_conn_limits(conn)->tunnel_ns);
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

/* The final response: how does its body travel, and what becomes of the connection? */
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
	if (weir_conn_pump(conn, &conn->down) == WEIR_FLOW_TO_ERROR)
		weir_conn_abort(conn, WEIR_END_CLIENT_RESET);
}

static void response_not_read(struct weir_conn *conn, enum weir_flow_result result)
{
	if (result == WEIR_FLOW_WAITS)
		flush_interim(conn);
	else if (result == WEIR_FLOW_NO_MEMORY)
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
	else
		no_response(conn, result);
}

bool weir_http_read_response(struct weir_conn *conn)
{
	enum heads heads = HEAD_INCOMPLETE;

	if (!conn->sniffing) {
		if (!weir_conn_sniffing(conn)) {
			weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
			return false;
		}
		weir_response_init(&conn->sniffing->response, conn->is_head);
	}
	while (heads == HEAD_INCOMPLETE) {
		enum weir_flow_result result = weir_flow_read(&conn->down, &conn->worker->pools);

		if (result != WEIR_FLOW_DONE) {
			response_not_read(conn, result);
			return false;
		}
		if (!conn->has_answered) {
			conn->times.answered_ns = conn->worker->now_ns;
			weir_conn_wait(conn, weir_conn_limits(conn)->idle_ns);
		}
		conn->has_answered = true;
		heads = take_heads(conn);
	}
	if (heads == HEAD_FINAL)
		weir_conn_unsniff(conn);
	return heads == HEAD_FINAL;
}

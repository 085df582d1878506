/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP, the client's side: read a request head, judge it, route it, for every request of the
 * connection anew.
 */
#include <string.h>

#include "proxy/proxy.h"
#include "proxy/rewrite.h"

/* A new request's first byte is here: it has a parser and a deadline of its own. */
static bool start_request(struct weir_conn *conn)
{
	if (!weir_conn_sniffing(conn))
		return false;
	weir_request_init(&conn->sniffing->request);
	conn->times = (struct weir_times){.started_ns = conn->worker->now_ns};
	conn->up.moved_bytes = conn->down.moved_bytes = 0;
	conn->wants_json = conn->is_head = false;
	conn->status = 0;
	weir_conn_wait(conn, weir_conn_limits(conn)->hello_ns);
	return true;
}

static __u64 next_random(__u64 state[2])
{
	/* xorshift128+ (Vigna, 2014): ids need to differ, not to be secret. */
	__u64 a = state[0], b = state[1];

	state[0] = b;
	a ^= a << 23;
	state[1] = a ^ b ^ a >> 17 ^ b >> 26;
	return state[1] + b;
}

/* What the log will say of the request, as far as it has been read. */
static void take_note(struct weir_conn *conn, const char *id, size_t id_size)
{
	const struct weir_buffer *in = conn->up.in;

	conn->note = weir_log_note_request(&conn->worker->proxy->log, &conn->sniffing->request,
					   in->data + in->start, id, id_size);
}

void weir_http_note(struct weir_conn *conn)
{
	take_note(conn, "", 0);
}

/* Put the head that the container will see into up.head. */
static bool compose(struct weir_conn *conn, const struct weir_request *request, const char *head)
{
	struct weir_worker *worker = conn->worker;
	struct weir_buffer *to = weir_buffers_borrow(&worker->pools.buffers,
						     request->size + WEIR_REWRITE_ROOM);
	struct weir_rewrite_client client = {
		.address = conn->client_address,
		.local_port = conn->local_port,
		.is_trusted = conn->is_trusted,
		.wall_ms = worker->wall_ms,
	};
	__u64 random[2];
	char room[WEIR_REQUEST_ID_ROOM];

	if (!to)
		return false;
	random[0] = next_random(worker->random);
	random[1] = next_random(worker->random);
	client.id = weir_rewrite_id(request, head, random, room, &client.id_size);
	take_note(conn, client.id, client.id_size);
	to->end = to->judged = weir_rewrite_request(request, head, &client, to->data);
	conn->up.head = to;
	return true;
}

/* What of the request matters after its head is gone. */
static void keep(struct weir_conn *conn, const struct weir_request *request)
{
	conn->request_minor = request->minor;
	conn->is_head = request->is_head;
	conn->is_idempotent = request->is_idempotent && request->framing == WEIR_FRAMED_EMPTY;
	conn->keeps_alive = request->keeps_alive;
	conn->upgrades = request->upgrades;
	conn->wants_json = request->wants_json;
	conn->has_response = conn->has_answered = false;
	conn->is_up_done = conn->is_down_done = conn->is_up_broken = false;
	conn->interim_bytes = 0;
	conn->requests++;
	WEIR_COUNT(conn->worker->counters.requests, 1);
}

/* Judge what came of the body with the head: no container sees a request known to be bad. */
static bool is_body_well(struct weir_conn *conn)
{
	enum weir_flow_result result = weir_flow_judge(&conn->up);

	if (result == WEIR_FLOW_WAITS)
		return true;
	weir_conn_refuse(conn, weir_conn_up_ending(conn, result));
	return false;
}

static void take_request(struct weir_conn *conn)
{
	struct weir_request *request = &conn->sniffing->request;
	struct weir_buffer *in = conn->up.in;
	const char *head = in->data + in->start;
	__u64 body_max = weir_conn_limits(conn)->body_max;
	char name[WEIR_NAME_MAX + 1];
	size_t name_size = request->name_size;

	keep(conn, request);
	conn->times.head_ns = conn->worker->now_ns;
	if (request->fields.content_length > body_max) {
		weir_http_note(conn);
		weir_conn_refuse(conn, WEIR_END_BODY_TOO_LARGE);
		return;
	}
	weir_conn_learn_local(conn);
	if (!compose(conn, request, head)) {
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
		return;
	}
	memcpy(name, request->name, name_size);
	in->start = in->judged = in->start + request->size;
	weir_flow_start(&conn->up, request->framing, request->fields.content_length);
	conn->up.is_bulk = request->fields.content_length >= WEIR_SPLICE_MIN;
	conn->up.data_max = body_max;
	conn->up.keeps_head = conn->is_idempotent;
	weir_conn_unsniff(conn);
	if (is_body_well(conn))
		weir_conn_route(conn, name, name_size);
}

/* Returns true when the head needs more bytes. */
static bool feed(struct weir_conn *conn)
{
	struct weir_buffer *in = conn->up.in;
	struct weir_request *request = &conn->sniffing->request;

	switch (weir_request_feed(request, in->data + in->start, in->end - in->start)) {
	case WEIR_MORE:
		return true;
	case WEIR_DONE:
		take_request(conn);
		return false;
	case WEIR_BAD:
		conn->wants_json = request->wants_json;
		weir_http_note(conn);
		conn->keeps_alive = false;
		weir_conn_refuse(conn, request->ending);
		return false;
	}
	return false;
}

static void end_of_input(struct weir_conn *conn, enum weir_flow_result result)
{
	if (result == WEIR_FLOW_NO_MEMORY)
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
	else if (!conn->sniffing)
		weir_conn_close(conn, WEIR_END_NONE);
	else {
		weir_http_note(conn);
		weir_conn_close(conn, weir_conn_up_ending(conn, result));
	}
}

/* A page that the client had no room for goes before whatever is behind its request. */
static bool has_page_left(struct weir_conn *conn)
{
	enum weir_flow_result result = WEIR_FLOW_DONE;

	if (conn->down.head)
		result = weir_conn_pump(conn, &conn->down);
	if (result == WEIR_FLOW_TO_ERROR)
		weir_conn_close(conn, WEIR_END_NONE);
	return result != WEIR_FLOW_DONE;
}

void weir_http_sniff(struct weir_conn *conn)
{
	enum weir_flow_result result = WEIR_FLOW_DONE;

	/* Bytes that came along with the request before: a pipelined one. */
	bool has_bytes = conn->up.in && !conn->sniffing;

	if (has_page_left(conn))
		return;
	while (has_bytes ||
	       (result = weir_flow_read(&conn->up, &conn->worker->pools)) == WEIR_FLOW_DONE) {
		has_bytes = false;
		if (!conn->sniffing && !start_request(conn)) {
			weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
			return;
		}
		if (!feed(conn))
			return;
	}
	if (result != WEIR_FLOW_WAITS)
		end_of_input(conn, result);
}

void weir_http_next(struct weir_conn *conn)
{
	weir_conn_unroute(conn);
	conn->is_billed = false;
	weir_buffers_return(&conn->worker->pools.buffers, &conn->up.head);
	conn->state = WEIR_CONN_SNIFF;
	conn->has_response = conn->has_answered = conn->is_up_done = false;
	/* Of the next request nothing has been read: refused for want of memory, it has to be the last. */
	conn->up.is_whole = false;
	weir_conn_wait(conn, weir_conn_limits(conn)->keepalive_ns);
	if (conn->worker->is_draining && !conn->worker->proxy->is_handed_over && !conn->up.in)
		weir_conn_close(conn, WEIR_END_NONE);
}

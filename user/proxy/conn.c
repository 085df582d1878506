/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection while it lives: what does it do next?
 *
 * Events, timers and its turn in the worker's lists all lead to weir_conn_run(), which hands the
 * connection to the file of its state (tls.c, http_request.c, connect.c, http_relay.c, tunnel.c)
 * until a step leaves it where it was: then it waits for another event. How it ends is in
 * conn_end.c. The parser's memory is borrowed from the worker and belongs to no connection.
 */
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proxy/proxy.h"

/* Changes of state before the others have their turn. */
enum { STEPS_MAX = 64 };

/* How soon who waits for a container's tokens notices another rate. */
#define ASK_AGAIN_NS 1000000000ULL

void weir_conn_wait(struct weir_conn *conn, __u64 ns)
{
	weir_timer_set(&conn->worker->timers, &conn->timer, conn->worker->now_ns + ns);
}

struct weir_conn *weir_conn_new(struct weir_worker *worker, int fd, enum weir_protocol protocol,
				const struct sockaddr_in *peer)
{
	struct weir_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->client = (struct weir_end){.fd = fd, .kind = WEIR_KIND_CLIENT, .can_write = true};
	conn->worker = worker;
	conn->protocol = protocol;
	conn->client_address = peer->sin_addr.s_addr;
	conn->client_port = peer->sin_port;
	conn->times.started_ns = worker->now_ns;
	conn->up.from = conn->down.to = &conn->client;
	conn->up.direction = WEIR_UP;
	conn->down.direction = WEIR_DOWN;
	weir_timer_init(&conn->timer);
	weir_timer_init(&conn->meter);
	conn->meter.kind = WEIR_TIMER_METER;
	weir_list_init(&conn->ready);
	weir_list_append(&worker->conns, &conn->all);
	WEIR_COUNT(worker->conns_count, 1);
	weir_conn_wait(conn, weir_conn_limits(conn)->hello_ns);
	return conn;
}

void weir_conn_unsniff(struct weir_conn *conn)
{
	union weir_sniffing *old = take_pointer(conn->sniffing);

	if (!old)
		return;
	old->free.next = conn->worker->sniffing_free;
	conn->worker->sniffing_free = old;
}

union weir_sniffing *weir_conn_sniffing(struct weir_conn *conn)
{
	struct weir_worker *worker = conn->worker;

	conn->sniffing = worker->sniffing_free;
	if (conn->sniffing)
		worker->sniffing_free = conn->sniffing->free.next;
	else
		conn->sniffing = malloc(sizeof(*conn->sniffing));
	return conn->sniffing;
}

void weir_conn_unroute(struct weir_conn *conn)
{
	conn->pool = NULL;
	weir_table_unref(&conn->table);
}

void weir_conn_learn_local(struct weir_conn *conn)
{
	struct sockaddr_in local = {0};
	socklen_t size = sizeof(local);

	if (conn->local_port)
		return;
	getsockname(conn->client.fd, (struct sockaddr *)&local, &size);
	conn->local_address = local.sin_addr.s_addr;
	conn->local_port = local.sin_port;
}

void weir_conn_again(struct weir_conn *conn)
{
	weir_list_remove(&conn->ready);
	weir_list_append(&conn->worker->ready, &conn->ready);
}

/* Its turn comes when the flow's bytes may move. */
static void throttle(struct weir_conn *conn, const struct weir_flow *flow)
{
	__u64 latest_ns = conn->worker->now_ns + ASK_AGAIN_NS;
	__u64 ready_ns = flow->ready_ns < latest_ns ? flow->ready_ns : latest_ns;

	/* Both directions may wait: the earlier one decides. */
	if (!weir_list_is_empty(&conn->meter.link) && conn->meter.deadline_ns < ready_ns)
		ready_ns = conn->meter.deadline_ns;
	weir_timer_set(&conn->worker->timers, &conn->meter, ready_ns);
}

enum weir_flow_result weir_conn_pump(struct weir_conn *conn, struct weir_flow *flow)
{
	enum weir_flow_result result = weir_flow_pump(flow, &conn->worker->pools,
						      conn->worker->now_ns);

	if (result == WEIR_FLOW_YIELDS)
		weir_conn_again(conn);
	else if (result == WEIR_FLOW_THROTTLED)
		throttle(conn, flow);
	return result;
}

static void step(struct weir_conn *conn)
{
	switch ((enum weir_conn_state)conn->state) {
	case WEIR_CONN_SNIFF:
		if (conn->awaits_preface && !weir_preface_sniff(conn))
			break;
		if (conn->protocol == WEIR_TLS)
			weir_tls_sniff(conn);
		else
			weir_http_sniff(conn);
		break;
	case WEIR_CONN_CONNECT:
		weir_conn_connecting(conn);
		break;
	case WEIR_CONN_RELAY:
		if (conn->is_tunnel)
			weir_tunnel_relay(conn);
		else
			weir_http_relay(conn);
		break;
	case WEIR_CONN_LINGER:
		weir_conn_linger(conn);
		break;
	case WEIR_CONN_RESET:
		/* Its timer looks at the rest, at its own pace. */
		if (conn->client.has_error)
			weir_conn_try_reset(conn);
		break;
	case WEIR_CONN_CLOSED:
		break;
	}
}

/* Where the connection is, as one number: a step that does not change it has to wait for an event. */
static __u64 position(const struct weir_conn *conn)
{
	return (__u64)conn->requests << 16 | conn->state << 1 | conn->is_tunnel;
}

void weir_conn_run(struct weir_conn *conn)
{
	for (int steps = 0; steps < STEPS_MAX; steps++) {
		__u64 before = position(conn);

		step(conn);
		if (conn->state >= WEIR_CONN_LINGER || position(conn) == before ||
		    !weir_list_is_empty(&conn->ready))
			return;
	}
	/* A client that pipelines without end has its turn like any other. */
	weir_conn_again(conn);
}

void weir_conn_expired(struct weir_conn *conn)
{
	switch ((enum weir_conn_state)conn->state) {
	case WEIR_CONN_SNIFF:
		if (conn->awaits_preface)
			weir_conn_refuse(conn, WEIR_END_PROXY_HEADER);
		else if (conn->protocol == WEIR_TLS)
			weir_conn_refuse(conn, WEIR_END_HELLO_TIMEOUT);
		else if (!conn->sniffing)
			weir_conn_close(conn, WEIR_END_KEEPALIVE_TIMEOUT);
		else {
			weir_http_note(conn);
			weir_conn_refuse(conn, WEIR_END_HEADER_TIMEOUT);
		}
		break;
	case WEIR_CONN_CONNECT:
		weir_container_failed(conn->link->container, conn->worker->now_ns);
		weir_conn_refuse(conn, WEIR_END_CONNECT_TIMEOUT);
		break;
	case WEIR_CONN_RELAY:
		/* Kept waiting by us, not by the other side. */
		if (conn->up.is_in_line || conn->down.is_in_line)
			weir_conn_wait(conn, weir_conn_limits(conn)->idle_ns);
		else if (conn->is_tunnel || conn->has_response || !conn->is_up_done)
			weir_conn_reset(conn, WEIR_END_IDLE_TIMEOUT);
		else
			weir_conn_refuse(conn, WEIR_END_FIRST_BYTE_TIMEOUT);
		break;
	case WEIR_CONN_RESET:
		weir_conn_try_reset(conn);
		break;
	case WEIR_CONN_LINGER:
	case WEIR_CONN_CLOSED:
		weir_conn_close(conn, WEIR_END_NONE);
		break;
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection's life: accepted, run from state to state, ended.
 *
 * Every way out goes through weir_conn_close(), which logs, gives back what was borrowed and leaves
 * memory and descriptors to the worker: events of the same turn may still name them.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy/page.h"
#include "proxy/proxy.h"

/* How often a send queue is looked at before a reset, and how often it may be as full as before: 5 s. */
#define RESET_LOOK_NS 20000000ULL
enum { RESET_LOOKS_MAX = 250 };

/* Changes of state before the others have their turn. */
enum { STEPS_MAX = 64 };

static const struct weir_proxy_limits *limits(const struct weir_conn *conn)
{
	return &conn->worker->proxy->limits;
}

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
	conn->peer_address = peer->sin_addr.s_addr;
	conn->peer_port = peer->sin_port;
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
	weir_conn_wait(conn, limits(conn)->hello_ns);
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
		weir_clients_leave(worker->proxy->clients, conn->peer_address);
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

/* Discard what still comes; MSG_TRUNC on TCP frees it without a copy. */
static void discard(struct weir_end *end)
{
	while (end->can_read) {
		ssize_t n = recv(end->fd, NULL, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);

		end->has_eof |= n == 0;
		end->can_read = n > 0;
	}
}

bool weir_conn_admit(struct weir_conn *conn)
{
	struct weir_worker *worker = conn->worker;
	enum weir_ending ending = WEIR_END_CLIENT_CONNECTIONS;
	int r;

	conn->is_trusted = weir_prefixes_have(&limits(conn)->trusted, ntohl(conn->peer_address));
	if (conn->is_trusted)
		return true;
	r = worker->proxy->clients ? weir_clients_enter(worker->proxy->clients, conn->peer_address)
				   : 0;

	conn->is_counted = worker->proxy->clients && !r;
	if (!r)
		return true;
	if (r == -ENOSPC)
		ending = WEIR_END_TOO_MANY_CONNECTIONS;
	/* Nothing is kept for it, not even for a last word: what has come is discarded so that it can arrive. */
	discard(&conn->client);
	if (!weir_page_compose(conn, ending, false))
		weir_flow_flush(&conn->down, &worker->pools, worker->now_ns);
	weir_conn_close(conn, ending);
	return false;
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

static void linger(struct weir_conn *conn)
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
	weir_conn_wait(conn, limits(conn)->linger_ns);
	linger(conn);
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

static void try_reset(struct weir_conn *conn)
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
	try_reset(conn);
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
	/* What of the request's body had not gone yet goes nowhere: not before the next request, either. */
	weir_pipes_return(&worker->pools.pipes, &conn->up.pipe);
	if (conn->up.in)
		conn->up.in->start = conn->up.in->judged;
	if (conn->up.in && conn->up.in->start == conn->up.in->end)
		weir_buffers_return(&worker->pools.buffers, &conn->up.in);
	if (conn->has_response || weir_page_compose(conn, ending, goes_on) < 0) {
		/* Part of a response is with the client already: all that can be said is that it is cut. */
		weir_conn_reset(conn, ending);
		return;
	}
	weir_flow_start(&conn->down, WEIR_FRAMED_EMPTY, 0);
	result = weir_flow_pump(&conn->down, &worker->pools, worker->now_ns);
	weir_conn_log(conn, ending);
	if (goes_on && result == WEIR_FLOW_DONE)
		weir_http_next(conn);
	else
		start_lingering(conn);
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
		linger(conn);
		break;
	case WEIR_CONN_RESET:
		/* Its timer looks at the rest, at its own pace. */
		if (conn->client.has_error)
			try_reset(conn);
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
			weir_conn_wait(conn, limits(conn)->idle_ns);
		else if (conn->is_tunnel || conn->has_response || !conn->is_up_done)
			weir_conn_reset(conn, WEIR_END_IDLE_TIMEOUT);
		else
			weir_conn_refuse(conn, WEIR_END_FIRST_BYTE_TIMEOUT);
		break;
	case WEIR_CONN_RESET:
		try_reset(conn);
		break;
	case WEIR_CONN_LINGER:
	case WEIR_CONN_CLOSED:
		weir_conn_close(conn, WEIR_END_NONE);
		break;
	}
}

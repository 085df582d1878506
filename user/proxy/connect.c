/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a name to a container that has accepted: which container gets the connection?
 *
 *   name --table--> pool --whose turn--> container --idle link, or a new one--> RELAY
 *
 * A container that fails at once, or before it has accepted, is passed over one time: the next one in
 * turn is tried. After that the client is told. Who failed goes into quarantine.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "proxy/proxy.h"

static void connected(struct weir_conn *conn)
{
	struct weir_link *link = conn->link;

	conn->up.to = conn->down.from = &link->end;
	conn->state = WEIR_CONN_RELAY;
	conn->times.connected_ns = conn->worker->now_ns;
	conn->times.sent_ns = 0;
	/* A tunnel's bytes cannot be sent again; a request's can, until an answer has come. */
	if (conn->is_tunnel)
		weir_conn_unroute(conn);
	weir_conn_wait(conn, conn->is_tunnel ? weir_conn_limits(conn)->tunnel_ns
					     : weir_conn_limits(conn)->first_byte_ns);
}

static enum weir_ending ending_of_errno(int error)
{
	switch (error) {
	case ENOMEM:
	case ENOBUFS:
		return WEIR_END_OUT_OF_MEMORY;
	case EMFILE:
	case ENFILE:
		return WEIR_END_OUT_OF_DESCRIPTORS;
	case ETIMEDOUT:
		return WEIR_END_CONNECT_TIMEOUT;
	default:
		return WEIR_END_CONTAINER_REFUSED;
	}
}

/* Open or take a link to a container, which counts it already. Returns 0 or a negative errno. */
static int attach(struct weir_conn *conn, struct weir_container_state *container, bool may_be_idle)
{
	struct weir_worker *worker = conn->worker;
	int r = 0;

	conn->link = may_be_idle ? weir_link_take_idle(worker, container) : NULL;
	if (!conn->link)
		r = weir_link_open(worker, container, &conn->link);
	if (r < 0) {
		weir_container_leave(container);
		return r;
	}
	conn->link->conn = conn;
	conn->link->is_private = conn->pool->preface;
	conn->up.container = conn->down.container = container;
	conn->container_address = container->address.sin_addr.s_addr;
	conn->container_port = container->address.sin_port;
	*conn->app = '\0';
	strncat(conn->app, container->app, sizeof(conn->app) - 1);
	if (conn->link->is_connected) {
		connected(conn);
		return 0;
	}
	conn->state = WEIR_CONN_CONNECT;
	conn->tried_at_once = false;
	weir_list_remove(&conn->ready);
	weir_list_append(&worker->connecting, &conn->ready);
	weir_conn_wait(conn, worker->proxy->limits.connect_ns);
	return 0;
}

/* Pick and attach. A container that fails at once is passed over, one time. */
static void try_containers(struct weir_conn *conn, const struct weir_container_state *except,
			   bool may_be_idle)
{
	struct weir_container_state *container;
	__u64 now_ns = conn->worker->now_ns;
	int r = weir_pool_pick(conn->pool, now_ns,
			       weir_conn_limits(conn)->connections_per_container, except,
			       &container);

	if (r < 0) {
		weir_conn_refuse(conn, r == -ENOENT   ? WEIR_END_NO_CONTAINER
				       : r == -EUSERS ? WEIR_END_CONTAINERS_FULL
				       : except       ? WEIR_END_CONTAINER_REFUSED
						      : WEIR_END_ALL_QUARANTINED);
		return;
	}
	r = attach(conn, container, may_be_idle);
	if (!r)
		return;
	if (ending_of_errno(-r) == WEIR_END_CONTAINER_REFUSED) {
		weir_container_failed(container, now_ns);
		if (!conn->has_retried) {
			conn->has_retried = true;
			try_containers(conn, container, may_be_idle);
			return;
		}
	}
	weir_conn_refuse(conn, ending_of_errno(-r));
}

/* Over TLS a protocol that the client offers may have an app of its own, whatever the name. */
static struct weir_pool *find_pool(const struct weir_conn *conn, const char *name, size_t size)
{
	struct weir_pool *pool = NULL;

	if (conn->protocol == WEIR_TLS)
		pool = weir_table_find_offer(conn->table, &conn->sniffing->hello);
	return pool ? pool : weir_table_find(conn->table, name, size, conn->protocol);
}

void weir_conn_route(struct weir_conn *conn, const char *name, size_t size)
{
	struct weir_worker *worker = conn->worker;

	conn->has_retried = false;
	conn->table = weir_table_ref(worker->table);
	conn->pool = find_pool(conn, name, size);
	if (!conn->pool) {
		weir_conn_refuse(conn, size ? WEIR_END_UNKNOWN_HOST : WEIR_END_NO_NAME);
		return;
	}
	weir_conn_bill(conn, conn->pool->account);
	if (conn->pool->preface && weir_preface_put(conn, conn->pool->preface) < 0) {
		weir_conn_refuse(conn, WEIR_END_OUT_OF_MEMORY);
		return;
	}
	weir_conn_unsniff(conn);
	try_containers(conn, NULL, conn->is_idempotent && !conn->is_tunnel && !conn->pool->preface);
}

bool weir_conn_retry(struct weir_conn *conn)
{
	const struct weir_container_state *failed = conn->link->container;
	bool was_reused = conn->link->is_reused;

	if (conn->has_retried || !conn->pool)
		return false;
	conn->has_retried = true;
	/* The container may be well and only have closed an idle connection: it may be tried again. */
	weir_link_release(conn, false);
	try_containers(conn, was_reused ? NULL : failed, false);
	return true;
}

static void connect_failed(struct weir_conn *conn, int error)
{
	weir_container_failed(conn->link->container, conn->worker->now_ns);
	if (!weir_conn_retry(conn))
		weir_conn_refuse(conn, ending_of_errno(error));
}

static int error_of(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error ? error : ECONNREFUSED;
}

/*
 * Send the first bytes at once: on a near network the container has accepted by now, and a round of
 * the loop is saved. Returns true when the connection has gone on.
 */
static bool send_at_once(struct weir_conn *conn)
{
	struct weir_end *end = &conn->link->end;
	__u64 before = conn->up.moved_bytes;
	enum weir_flow_result result;

	if (conn->tried_at_once)
		return false;
	conn->tried_at_once = true;
	end->can_write = true;
	conn->up.to = end;
	result = weir_flow_flush(&conn->up, &conn->worker->pools, conn->worker->now_ns);
	conn->link->is_connected = conn->up.moved_bytes != before;
	/* The error is reported once: here, not by its event any more. */
	if (result == WEIR_FLOW_TO_ERROR && !conn->link->is_connected) {
		connect_failed(conn, end->error);
		return true;
	}
	end->can_write = end->can_write && conn->link->is_connected;
	return false;
}

void weir_conn_connecting(struct weir_conn *conn)
{
	struct weir_end *end = &conn->link->end;

	if (conn->client.has_error) {
		weir_conn_close(conn, WEIR_END_CLIENT_RESET);
		return;
	}
	if (end->has_error) {
		connect_failed(conn, error_of(end->fd));
		return;
	}
	if (!end->can_write && send_at_once(conn))
		return;
	if (!end->can_write && !conn->link->is_connected)
		return;
	conn->link->is_connected = true;
	/* Of a tunnel that is all that can be known; to a request there is still to be an answer. */
	if (conn->is_tunnel)
		weir_container_served(conn->link->container);
	connected(conn);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The end of a worker: who is still served when the proxy stops, and for how long?
 *
 * Nobody new, but for those who had got as far as the listeners. Who is between two requests is
 * closed at once, or, where another process goes on, told so with the next answer. All others have
 * until the proxy's drain deadline.
 */
#include <sys/epoll.h>

#include "proxy/proxy.h"

/*
 * Let go of the listeners, but not of who has got as far as them: a close would reset those, unless
 * another process has the same sockets.
 */
static void leave_listeners(struct weir_worker *worker)
{
	if (!worker->proxy->is_handed_over)
		weir_worker_accept_all(worker);
	for (unsigned int i = 0; i < worker->listeners_count; i++)
		epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, worker->listeners[i].end.fd, NULL);
	worker->listeners_count = 0;
	__atomic_store_n(&worker->is_draining, true, __ATOMIC_RELEASE);
}

/* Between two requests. */
static bool is_idle(const struct weir_conn *conn)
{
	return conn->state == WEIR_CONN_SNIFF && !conn->sniffing && conn->requests;
}

/*
 * Idle connections go at once, the others when their request is over or the time is up. After a
 * hand-over nothing presses: an idle one is told with its next answer, because to close it now might
 * cross with a request.
 */
static void start_draining(struct weir_worker *worker)
{
	struct weir_list_link *next, *link;

	leave_listeners(worker);
	link = worker->proxy->is_handed_over ? &worker->conns : worker->conns.next;
	for (; link != &worker->conns; link = next) {
		struct weir_conn *conn = weir_container_of(link, struct weir_conn, all);

		next = link->next;
		if (!is_idle(conn))
			continue;
		if (conn->down.head) /* the last page has not gone yet */
			weir_conn_finish(conn);
		else
			weir_conn_close(conn, WEIR_END_NONE);
	}
}

static void close_all(struct weir_worker *worker, enum weir_ending ending)
{
	while (!weir_list_is_empty(&worker->conns)) {
		struct weir_conn *conn = weir_container_of(worker->conns.next, struct weir_conn,
							   all);
		/* What was over has been counted and logged. */
		bool is_over = is_idle(conn) || conn->state >= WEIR_CONN_LINGER;

		weir_conn_close(conn, is_over ? WEIR_END_NONE : ending);
	}
}

bool weir_worker_goes_on(struct weir_worker *worker)
{
	__u64 until_ns = __atomic_load_n(&worker->proxy->drain_until_ns, __ATOMIC_ACQUIRE);

	if (!until_ns)
		return true;
	if (!worker->is_draining)
		start_draining(worker);
	if (worker->now_ns >= until_ns)
		close_all(worker, WEIR_END_DRAIN_DEADLINE);
	return worker->conns_count > 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accepting: listeners -> connections, as many as there may be. Out of descriptors or memory, or
 * full: the listeners are left alone for a while, and who waits there keeps waiting.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proxy/log_line.h"
#include "proxy/page.h"
#include "proxy/proxy.h"

enum { ACCEPT_TURN = 64, ACCEPT_ALL = 4096 };

#define ACCEPT_PAUSE_NS 100000000ULL
#define SAY_AGAIN_NS    10000000000ULL

/* Descriptors are used up: let one client go rather than all wait on a listener that cannot accept. */
static void shed_one(struct weir_worker *worker, int listener)
{
	int fd;

	if (worker->reserve_fd < 0)
		return;
	closep(&worker->reserve_fd);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	closep(&fd);
	worker->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	WEIR_COUNT(worker->counters.endings[WEIR_END_OUT_OF_DESCRIPTORS], 1);
}

/* Listeners are watched level-triggered, and not at all while nothing is accepted from them. */
static void watch_listeners(struct weir_worker *worker, bool is_watched)
{
	for (unsigned int i = 0; i < worker->listeners_count; i++) {
		struct weir_end *listener = &worker->listeners[i].end;
		struct epoll_event event = {.events = is_watched ? EPOLLIN : 0,
					    .data.ptr = listener};

		epoll_ctl(worker->epoll_fd, EPOLL_CTL_MOD, listener->fd, &event);
	}
}

/* Pauses come ten a second while there are any: the log has one line for many. */
static void say_paused(struct weir_worker *worker, enum weir_ending why)
{
	struct weir_log *log = &worker->proxy->log;
	struct weir_log_line line;
	char buffer[256];

	if (log->settings.fd < 0 || worker->now_ns < worker->say_again_ns)
		return;
	worker->say_again_ns = worker->now_ns + SAY_AGAIN_NS;
	weir_log_line_begin(&line, log->settings.is_json, buffer);
	weir_log_line_head(&line, worker->wall_ms, "accept");
	weir_log_line_word(&line, WEIR_LOG_TEXT("paused"), weir_ending_slug(why));
	weir_log_line_number(&line, WEIR_LOG_NUMBER("worker"), worker->number);
	weir_log_line_number(&line, WEIR_LOG_NUMBER("connections"), worker->conns_count);
	weir_log_put(log, worker->number, worker->wall_ms, buffer, weir_log_line_end(&line));
}

static void pause_accepting(struct weir_worker *worker, enum weir_ending why)
{
	if (!worker->accept_again_ns)
		watch_listeners(worker, false);
	worker->accept_again_ns = worker->now_ns + ACCEPT_PAUSE_NS;
	say_paused(worker, why);
}

bool weir_conn_admit(struct weir_conn *conn)
{
	struct weir_clients *clients = conn->worker->proxy->clients;
	int r;

	conn->is_trusted = weir_prefixes_have(&weir_conn_limits(conn)->trusted,
					      ntohl(conn->client_address));
	if (conn->is_trusted || !clients)
		return true;
	r = weir_clients_enter(clients, conn->client_address);
	conn->is_counted = !r;
	if (r)
		weir_conn_dismiss(conn, r == -ENOSPC ? WEIR_END_TOO_MANY_CONNECTIONS
						     : WEIR_END_CLIENT_CONNECTIONS);
	return !r;
}

static void welcome(struct weir_worker *worker, int fd, enum weir_protocol protocol,
		    const struct sockaddr_in *peer)
{
	struct weir_conn *conn = weir_conn_new(worker, fd, protocol, peer);

	if (!conn) {
		closep(&fd);
		pause_accepting(worker, WEIR_END_OUT_OF_MEMORY);
		return;
	}
	WEIR_COUNT(worker->counters.connections, 1);
	/* Edge-triggered: what has come already is reported when the descriptor is added. */
	if (weir_worker_watch(worker, &conn->client) < 0) {
		weir_conn_close(conn, WEIR_END_OUT_OF_MEMORY);
		return;
	}
	/* Deferred by the listener until there was something to read. */
	conn->client.can_read = true;
	conn->awaits_preface = weir_prefixes_have(&worker->proxy->limits.prefaced,
						  ntohl(peer->sin_addr.s_addr));
	if (conn->awaits_preface || weir_conn_admit(conn))
		weir_conn_again(conn);
}

static bool is_full(const struct weir_worker *worker)
{
	__u32 share = worker->proxy->limits.connections_max / worker->proxy->workers_count + 1;

	return worker->conns_count >= share;
}

static void accept_failed(struct weir_worker *worker, struct weir_end *listener)
{
	if (errno == EAGAIN)
		listener->can_read = false;
	if (errno == EMFILE || errno == ENFILE) {
		shed_one(worker, listener->fd);
		pause_accepting(worker, WEIR_END_OUT_OF_DESCRIPTORS);
	} else if (errno == ENOMEM || errno == ENOBUFS) {
		pause_accepting(worker, WEIR_END_OUT_OF_MEMORY);
	}
}

static void accept_some(struct weir_worker *worker, struct weir_listener_end *from, int most)
{
	struct weir_end *listener = &from->end;

	for (int i = 0; i < most && listener->can_read && !worker->accept_again_ns; i++) {
		struct sockaddr_in peer = {0};
		socklen_t size = sizeof(peer);
		int fd;

		if (is_full(worker)) {
			WEIR_COUNT(worker->counters.endings[WEIR_END_TOO_MANY_CONNECTIONS], 1);
			pause_accepting(worker, WEIR_END_TOO_MANY_CONNECTIONS);
			return;
		}
		fd = accept4(listener->fd, (struct sockaddr *)&peer, &size,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			welcome(worker, fd, from->protocol, &peer);
		else
			accept_failed(worker, listener);
	}
	listener->can_read = false;
}

void weir_worker_accept(struct weir_worker *worker, int events)
{
	int most = 1 + events / 4 < ACCEPT_TURN ? 1 + events / 4 : ACCEPT_TURN;

	if (worker->is_draining)
		return;
	if (worker->accept_again_ns && worker->accept_again_ns <= worker->now_ns) {
		worker->accept_again_ns = 0;
		watch_listeners(worker, true);
	}
	for (unsigned int i = 0; i < worker->listeners_count; i++)
		if (worker->listeners[i].end.can_read)
			accept_some(worker, &worker->listeners[i], most);
}

void weir_worker_accept_all(struct weir_worker *worker)
{
	for (unsigned int i = 0; i < worker->listeners_count; i++) {
		worker->listeners[i].end.can_read = true;
		if (!worker->accept_again_ns)
			accept_some(worker, &worker->listeners[i], ACCEPT_ALL);
	}
}

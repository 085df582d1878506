/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links: connections to containers. Opened for a request, kept idle for the next one, shared by no
 * two at a time.
 *
 * A request that must not be sent twice (RFC 9110, section 9.2.2) always gets a link of its own: an
 * idle one may be closing at that very moment, and then nobody knows whether it was served.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "proxy/proxy.h"

static void link_free(struct weir_worker *worker, struct weir_link *link)
{
	weir_timer_stop(&link->timer);
	weir_container_unref(&link->container);
	link->conn = NULL;
	link->next_idle = worker->closed_links;
	worker->closed_links = link;
}

static void leave_idle(struct weir_worker *worker, struct weir_link *link)
{
	struct weir_link **first = &link->container->idle[worker->number];

	if (link->previous_idle)
		link->previous_idle->next_idle = link->next_idle;
	else
		*first = link->next_idle;
	if (link->next_idle)
		link->next_idle->previous_idle = link->previous_idle;
	link->next_idle = link->previous_idle = NULL;
	weir_list_remove(&link->idle);
	weir_timer_stop(&link->timer);
}

static void enter_idle(struct weir_worker *worker, struct weir_link *link)
{
	struct weir_link **first = &link->container->idle[worker->number];

	link->previous_idle = NULL;
	link->next_idle = *first;
	if (*first)
		(*first)->previous_idle = link;
	*first = link;
	link->conn = NULL;
	weir_list_append(&worker->idle_links, &link->idle);
	weir_timer_set(&worker->timers, &link->timer,
		       worker->now_ns + worker->proxy->limits.link_idle_ns);
}

struct weir_link *weir_link_take_idle(struct weir_worker *worker,
				      struct weir_container_state *container)
{
	struct weir_link *link = container->idle[worker->number];

	if (link) {
		leave_idle(worker, link);
		link->is_reused = true;
	}
	return link;
}

int weir_link_open(struct weir_worker *worker, struct weir_container_state *container,
		   struct weir_link **ret_link)
{
	static const int on = 1, off = 0;
	_cleanup_free_ struct weir_link *link = calloc(1, sizeof(*link));
	_cleanup_close_ int fd = -1;
	int r;

	if (!link)
		return -ENOMEM;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* The first bytes follow at once and carry the handshake's last ACK: a packet less. */
	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
	r = connect(fd, (const struct sockaddr *)&container->address, sizeof(container->address));
	if (r < 0 && errno != EINPROGRESS)
		return -errno;
	link->is_connected = r == 0;
	link->end = (struct weir_end){
		.fd = fd, .kind = WEIR_KIND_LINK, .can_write = link->is_connected};
	weir_list_init(&link->idle);
	weir_timer_init(&link->timer);
	link->timer.kind = WEIR_TIMER_LINK;
	r = weir_worker_watch(worker, &link->end);
	if (r < 0)
		return r;
	take_fd(&fd);
	link->container = weir_container_ref(container);
	*ret_link = take_pointer(link);
	return 0;
}

void weir_link_expire(struct weir_worker *worker, struct weir_link *link)
{
	leave_idle(worker, link);
	link_free(worker, link);
}

void weir_link_reset(struct weir_conn *conn)
{
	static const struct linger abort = {.l_onoff = 1};

	if (conn->link)
		setsockopt(conn->link->end.fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

/*
 * Is nothing behind the answer? Where the last read did not say so, as after a splice, bytes may be
 * waiting that no event will tell of, and the next client would take them for its answer.
 */
static bool is_quiet(struct weir_end *end)
{
	char byte;

	if (end->can_read && !end->is_hung)
		end->can_read = recv(end->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
				errno != EAGAIN;
	return !end->can_read && !end->is_hung;
}

void weir_link_release(struct weir_conn *conn, bool may_be_reused)
{
	struct weir_link *link = take_pointer(conn->link);

	conn->up.to = conn->down.from = NULL;
	weir_flow_settle(&conn->up);
	weir_flow_settle(&conn->down);
	if (!link)
		return;
	weir_container_leave(link->container);
	if (may_be_reused && !link->is_private && !conn->worker->is_draining &&
	    is_quiet(&link->end))
		enter_idle(conn->worker, link);
	else
		link_free(conn->worker, link);
}

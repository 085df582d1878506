/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The worker's loop: events -> ends -> connections, then those that are new and those whose turn
 * comes again, then timers.
 *
 * A turn goes in stages: all that are accepted, all that connect, all that send their first bytes,
 * all that are closed. So what the kernel runs for one of them is still in the CPU's cache for the
 * next: 2 % of a short connection. Whatever is closed stays until the events of its turn are over,
 * because a later one may name it.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "proxy/proxy.h"

enum { EVENTS_MAX = 256 };

void weir_worker_update_clock(struct weir_worker *worker)
{
	struct timespec now;

	worker->now_ns = weir_monotonic_ns();
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	worker->wall_ms = weir_timespec_ns(&now) / 1000000;
}

static void note_events(struct weir_end *end, __u32 events)
{
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		end->is_hung = end->can_read = true;
	if (events & EPOLLIN)
		end->can_read = true;
	if (events & (EPOLLOUT | EPOLLERR))
		end->can_write = true;
	if (events & EPOLLERR)
		end->has_error = true;
}

static void link_event(struct weir_worker *worker, struct weir_link *link)
{
	if (!link->container) /* closed in this turn */
		return;
	if (link->conn)
		weir_conn_run(link->conn);
	else if (link->end.can_read || link->end.has_error)
		/* An idle link has nothing to say: it is closing, or out of step. */
		weir_link_expire(worker, link);
}

static void dispatch(struct weir_worker *worker, const struct epoll_event *event)
{
	struct weir_end *end = event->data.ptr;

	note_events(end, event->events);
	switch ((enum weir_end_kind)end->kind) {
	case WEIR_KIND_CLIENT:
		weir_conn_run(weir_container_of(end, struct weir_conn, client));
		break;
	case WEIR_KIND_LINK:
		link_event(worker, weir_container_of(end, struct weir_link, end));
		break;
	case WEIR_KIND_LISTENER:
		break;
	case WEIR_KIND_WAKE:
		break;
	}
}

/* Take the route table that is in force now; connections under way hold their own. */
static void update_table(struct weir_worker *worker)
{
	struct weir_table *latest = __atomic_load_n(&worker->proxy->table, __ATOMIC_ACQUIRE);
	struct weir_table *table;

	if (latest == worker->table)
		return;
	table = weir_proxy_table(worker->proxy);
	weir_table_unref(&worker->table);
	worker->table = table;
}

static void expire(struct weir_conn *conn)
{
	weir_conn_expired(conn);
	/* A refused request may have another one behind it, and no event will tell. */
	weir_conn_run(conn);
}

static void timer_expired(struct weir_timer *timer, void *context)
{
	struct weir_worker *worker = context;

	switch ((enum weir_timer_kind)timer->kind) {
	case WEIR_TIMER_CONN:
		expire(weir_container_of(timer, struct weir_conn, timer));
		break;
	case WEIR_TIMER_METER:
		weir_conn_run(weir_container_of(timer, struct weir_conn, meter));
		break;
	case WEIR_TIMER_LINK:
		weir_link_expire(worker, weir_container_of(timer, struct weir_link, timer));
		break;
	}
}

/* Each on the list has a turn; those that put themselves back wait for the next one. */
static void run_list(struct weir_list_link *list)
{
	struct weir_list_link turn;

	if (weir_list_is_empty(list))
		return;
	turn = *list;
	turn.next->previous = turn.previous->next = &turn;
	weir_list_init(list);
	while (!weir_list_is_empty(&turn)) {
		struct weir_conn *conn = weir_container_of(turn.next, struct weir_conn, ready);

		weir_list_remove(&conn->ready);
		weir_conn_run(conn);
	}
}

void weir_worker_free_closed(struct weir_worker *worker)
{
	while (!weir_list_is_empty(&worker->closed)) {
		struct weir_conn *conn = weir_container_of(worker->closed.next, struct weir_conn,
							   all);

		weir_list_remove(&conn->all);
		closep(&conn->client.fd);
		free(conn->note);
		free(conn);
	}
	while (worker->closed_links) {
		struct weir_link *link = worker->closed_links;

		worker->closed_links = link->next_idle;
		closep(&link->end.fd);
		free(link);
	}
}

static int sleep_ms(const struct weir_worker *worker)
{
	int wait_ms = weir_timers_wait_ms(&worker->timers, worker->now_ns);

	if (!weir_list_is_empty(&worker->ready) || !weir_list_is_empty(&worker->connecting))
		return 0;
	/* While accepting is paused, and while draining, time passes without events. */
	if ((worker->accept_again_ns || worker->is_draining) && (wait_ms < 0 || wait_ms > 50))
		return 50;
	return wait_ms;
}

void *weir_worker_main(void *argument)
{
	struct weir_worker *worker = argument;
	struct epoll_event events[EVENTS_MAX];

	weir_worker_update_clock(worker);
	while (weir_worker_goes_on(worker)) {
		int count;

		weir_worker_free_closed(worker);
		count = epoll_wait(worker->epoll_fd, events, EVENTS_MAX, sleep_ms(worker));
		weir_worker_update_clock(worker);
		update_table(worker);
		for (int i = 0; i < count; i++)
			dispatch(worker, &events[i]);
		/* Before there are more: their descriptors may be the last. */
		weir_worker_free_closed(worker);
		weir_worker_accept(worker, count);
		run_list(&worker->ready);
		run_list(&worker->connecting);
		weir_timers_run(&worker->timers, worker->now_ns, timer_expired, worker);
	}
	weir_worker_free_closed(worker);
	return NULL;
}

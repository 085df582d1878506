/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The worker's loop: events -> ends -> connections, then those that are new and those whose turn
 * comes again, then timers.
 *
 * A turn goes in stages: all that are accepted, all that connect, all that send their first bytes, all
 * that are closed. So what the kernel runs for one of them is still in the CPU's cache for the next: 2 % of
 * a short connection. Whatever is closed stays until the events of its turn are over, because a
 * later one may name it.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "proxy/proxy.h"

enum {
	EVENTS_MAX = 256,
	/*
	 * What the kernel holds for a client beyond what its window takes, with the pipe's residue:
	 * else the send buffer grows to megabytes for whoever does not read. Costs no CPU in `make
	 * bench-proxy` (bulk).
	 */
	UNSENT_BYTES_MAX = 128 << 10,
};

const struct weir_proxy_limits weir_proxy_limits_default = {
	.hello_ns = 10000000000ULL,
	.keepalive_ns = 60000000000ULL,
	.connect_ns = 30000000000ULL,
	.first_byte_ns = 30000000000ULL,
	.idle_ns = 60000000000ULL,
	.tunnel_ns = 3600000000000ULL,
	.linger_ns = 10000000000ULL,
	.link_idle_ns = 4000000000ULL,
	.body_max = 75 << 20,
	.connections_max = 100000,
};

int weir_worker_watch(struct weir_worker *worker, struct weir_end *end)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLOUT | EPOLLET,
				    .data.ptr = end};

	return epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, end->fd, &event) < 0 ? -errno : 0;
}

static void update_clock(struct weir_worker *worker)
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

static void free_closed(struct weir_worker *worker)
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
		if (is_idle(conn))
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

/* Returns false when the worker is to end. */
static bool goes_on(struct weir_worker *worker)
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

void *weir_worker_main(void *argument)
{
	struct weir_worker *worker = argument;
	struct epoll_event events[EVENTS_MAX];

	update_clock(worker);
	while (goes_on(worker)) {
		int count;

		free_closed(worker);
		count = epoll_wait(worker->epoll_fd, events, EVENTS_MAX, sleep_ms(worker));
		update_clock(worker);
		update_table(worker);
		for (int i = 0; i < count; i++)
			dispatch(worker, &events[i]);
		/* Before there are more: their descriptors may be the last. */
		free_closed(worker);
		weir_worker_accept(worker, count);
		run_list(&worker->ready);
		run_list(&worker->connecting);
		weir_timers_run(&worker->timers, worker->now_ns, timer_expired, worker);
	}
	free_closed(worker);
	return NULL;
}

static int watch_input(struct weir_worker *worker, struct weir_end *end, __u32 how)
{
	struct epoll_event event = {.events = EPOLLIN | how, .data.ptr = end};

	return epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, end->fd, &event) < 0 ? -errno : 0;
}

int weir_worker_listen(struct weir_worker *worker, int fd, enum weir_protocol protocol)
{
	static const int unsent_max = UNSENT_BYTES_MAX;
	struct weir_listener_end *listener = &worker->listeners[worker->listeners_count];

	/* Inherited by what is accepted; a former proxy's listener may not have it. */
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_max, sizeof(unsent_max));
	*listener = (struct weir_listener_end){{.fd = fd, .kind = WEIR_KIND_LISTENER}, protocol};
	worker->listeners_count++;
	return watch_input(worker, &listener->end, 0);
}

int weir_worker_init(struct weir_worker *worker, struct weir_proxy *proxy, unsigned int number)
{
	memset(worker, 0, sizeof(*worker));
	worker->proxy = proxy;
	worker->number = number;
	worker->wake = (struct weir_end){.fd = -1, .kind = WEIR_KIND_WAKE};
	weir_list_init(&worker->conns);
	weir_list_init(&worker->ready);
	weir_list_init(&worker->connecting);
	weir_list_init(&worker->idle_links);
	weir_list_init(&worker->closed);
	update_clock(worker);
	weir_timers_init(&worker->timers, worker->now_ns);
	worker->table = weir_proxy_table(proxy);
	worker->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll_fd < 0)
		return -errno;
	if (getrandom(worker->random, sizeof(worker->random), 0) != sizeof(worker->random))
		return -EIO;
	worker->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->wake.fd < 0 || watch_input(worker, &worker->wake, EPOLLET) < 0)
		return -errno;
	return 0;
}

static void close_idle_links(struct weir_worker *worker)
{
	while (!weir_list_is_empty(&worker->idle_links))
		weir_link_expire(
			worker, weir_container_of(worker->idle_links.next, struct weir_link, idle));
}

void weir_worker_done(struct weir_worker *worker)
{
	close_idle_links(worker);
	free_closed(worker);
	while (worker->sniffing_free) {
		union weir_sniffing *sniffing = worker->sniffing_free;

		worker->sniffing_free = sniffing->free.next;
		free(sniffing);
	}
	weir_buffers_done(&worker->pools.buffers);
	weir_pipes_done(&worker->pools.pipes);
	weir_table_unref(&worker->table);
	closep(&worker->epoll_fd);
	closep(&worker->reserve_fd);
	closep(&worker->wake.fd);
}

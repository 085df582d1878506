/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a worker has: its epoll, its listeners, its clock, lists and pools; made, and given back.
 *
 * Made before its thread starts, given back after that has ended; only weir_worker_watch() is for in
 * between. The listeners are the caller's, the route table is shared, the rest is its own.
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
#include "proxy/proxy.h"

/*
 * What the kernel holds for a client beyond what its window takes, with the pipe's residue: else the
 * send buffer grows to megabytes for whoever does not read. Costs no CPU in `make bench-proxy` (bulk).
 */
enum { UNSENT_BYTES_MAX = 128 << 10 };

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
	weir_worker_update_clock(worker);
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
	weir_worker_free_closed(worker);
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exchanges: new connections, each through hello, command and close.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "load.h"
#include "random.h"

enum { EVENTS_MAX = 64 };

struct exchange {
	int fd;
	__u32 received;
};

struct run {
	const struct load *load;
	struct load_result result;
	struct exchange exchanges[IN_FLIGHT_MAX];
	struct random random;
	__u64 started;
	__u32 open;
	int epoll_fd;
};

static bool is_over(const struct run *run)
{
	if (run->load->count)
		return run->started >= run->load->count;
	return bench_now_ns() >= run->load->until_ns;
}

static void start(struct run *run, struct exchange *exchange)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = exchange};
	__u32 name = random_u32(&run->random) % run->load->names;

	exchange->received = 0;
	exchange->fd = -1;
	while (!is_over(run)) {
		run->started++;
		exchange->fd = load_connect(&run->load->to);
		if (exchange->fd >= 0)
			break;
		run->result.failed++;
	}
	if (exchange->fd < 0)
		return;
	run->open++;
	/* A failure shows when the answer does not come. */
	(void)send(exchange->fd, load_hello(name), HELLO_SIZE, MSG_NOSIGNAL);
	epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, exchange->fd, &event);
}

static void end(struct run *run, struct exchange *exchange, bool is_well)
{
	if (is_well)
		run->result.done++;
	else
		run->result.failed++;
	close(exchange->fd);
	run->open--;
	start(run, exchange);
}

static void proceed(struct run *run, struct exchange *exchange)
{
	char data[HELLO_REPLY_SIZE + EXCHANGE_REPLY_SIZE + 1];
	ssize_t size = recv(exchange->fd, data, sizeof(data), MSG_DONTWAIT);
	__u32 before = exchange->received;

	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0) {
		end(run, exchange, false);
		return;
	}
	exchange->received += size;
	if (before < HELLO_REPLY_SIZE && exchange->received >= HELLO_REPLY_SIZE) {
		char command[COMMAND_SIZE] = {COMMAND_EXCHANGE};

		(void)send(exchange->fd, command, sizeof(command), MSG_NOSIGNAL);
	}
	if (exchange->received >= HELLO_REPLY_SIZE + EXCHANGE_REPLY_SIZE)
		end(run, exchange, exchange->received == HELLO_REPLY_SIZE + EXCHANGE_REPLY_SIZE);
}

struct load_result load_exchange(const struct load *load)
{
	struct epoll_event events[EVENTS_MAX];
	struct run run = {.load = load, .random.state = 4711};

	run.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	for (__u32 i = 0; i < load->in_flight && i < IN_FLIGHT_MAX; i++)
		start(&run, &run.exchanges[i]);
	while (run.open) {
		int count = load_wait(run.epoll_fd, events, EVENTS_MAX);

		if (count == 0) {
			run.result.failed += run.open;
			break;
		}
		for (int i = 0; i < count; i++)
			proceed(&run, events[i].data.ptr);
	}
	for (__u32 i = 0; run.open && i < load->in_flight; i++)
		if (run.exchanges[i].fd >= 0)
			close(run.exchanges[i].fd);
	close(run.epoll_fd);
	return run.result;
}

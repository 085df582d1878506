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

struct exchange {
	int fd;
	__u32 received;
};

static void start(struct load_run *run, struct exchange *exchange)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = exchange};
	__u32 name = random_u32(&run->random) % run->load->names;

	exchange->received = 0;
	exchange->fd = -1;
	while (!load_is_over(run)) {
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

static void end(struct load_run *run, struct exchange *exchange, bool is_well)
{
	if (is_well)
		run->result.done++;
	else
		run->result.failed++;
	close(exchange->fd);
	run->open--;
	start(run, exchange);
}

static void proceed(struct load_run *run, void *client)
{
	struct exchange *exchange = client;
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
	struct exchange exchanges[IN_FLIGHT_MAX];
	struct load_run run = load_begin(load);

	for (__u32 i = 0; i < load->in_flight && i < IN_FLIGHT_MAX; i++)
		start(&run, &exchanges[i]);
	load_drive(&run, proceed);
	for (__u32 i = 0; run.open && i < load->in_flight; i++)
		if (exchanges[i].fd >= 0)
			close(exchanges[i].fd);
	return run.result;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The origin behind every proxy: one thread, one port for all that the clients ask (load.h).
 *
 *   0x16 ...     a hello: answered with HELLO_REPLY_SIZE bytes; then one command
 *   X            EXCHANGE_REPLY_SIZE bytes
 *   D, U         so many bytes down, then close; so many taken, then one byte
 *   GET /SIZE    200 with a body of SIZE bytes, kept alive
 */
#include "origin.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "load.h"

enum { EVENTS_MAX = 64, INPUT_MAX = 4096, BLOCK = 1 << 18 };

struct peer {
	int fd;
	bool said_hello;
	bool takes; /* what comes is counted, not read */
	__u32 size; /* of input */
	__u64 to_send, to_take;
	bool closes; /* when all is sent */
	char input[INPUT_MAX + 1];
};

static char block[BLOCK];
static struct peer *sender; /* of more than fits at once: it can go on without an event */
static int epoll_fd = -1, listener_fd;

static void peer_free(struct peer *peer)
{
	if (peer == sender)
		sender = NULL;
	close(peer->fd);
	free(peer);
}

/*
 * A block at a time, so that who shares the thread has its turn; when another peer is sent blocks
 * already, all that fits.
 */
static void send_bytes(struct peer *peer)
{
	ssize_t sent;

	do {
		size_t run = peer->to_send < BLOCK ? peer->to_send : BLOCK;

		sent = send(peer->fd, block, run, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0)
			peer->to_send -= sent;
	} while (sent > 0 && peer->to_send && sender && sender != peer);
	if (sent > 0 && peer->to_send)
		sender = peer;
	else if (sender == peer)
		sender = NULL;
	if (!peer->to_send && peer->closes)
		shutdown(peer->fd, SHUT_WR);
}

static void reply(struct peer *peer, __u64 bytes)
{
	peer->to_send = bytes;
	send_bytes(peer);
}

static void take(struct peer *peer, __u32 bytes)
{
	peer->size -= bytes;
	memmove(peer->input, peer->input + bytes, peer->size);
}

static bool take_hello(struct peer *peer)
{
	if (peer->size < HELLO_SIZE)
		return false;
	take(peer, HELLO_SIZE);
	peer->said_hello = true;
	reply(peer, HELLO_REPLY_SIZE);
	return true;
}

static bool take_command(struct peer *peer)
{
	char command = peer->input[0];
	__u64 bytes;

	if (peer->size < COMMAND_SIZE)
		return false;
	memcpy(&bytes, peer->input + 8, sizeof(bytes));
	take(peer, COMMAND_SIZE);
	if (command == COMMAND_UP) {
		peer->takes = true;
		peer->to_take = bytes - peer->size;
		peer->size = 0;
		return false;
	}
	peer->closes = command == COMMAND_DOWN;
	reply(peer, command == COMMAND_DOWN ? bytes : EXCHANGE_REPLY_SIZE);
	return true;
}

static bool take_request(struct peer *peer)
{
	const char *end;
	char head[256];
	__u64 body;
	int size;

	peer->input[peer->size] = '\0';
	end = strstr(peer->input, "\r\n\r\n");
	if (!end)
		return false;
	body = strtoull(peer->input + strlen("GET /"), NULL, 10);
	take(peer, end + 4 - peer->input);
	size = snprintf(head, sizeof(head),
			"HTTP/1.1 200 OK\r\n"
			"Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
			"Content-Type: text/html; charset=utf-8\r\n"
			"Content-Length: %llu\r\n"
			"Cache-Control: no-cache\r\n"
			"\r\n",
			body);
	/* One segment for a small answer, as servers do. */
	(void)send(peer->fd, head, size, MSG_NOSIGNAL | MSG_MORE);
	reply(peer, body);
	return true;
}

static bool take_next(struct peer *peer)
{
	if (!peer->size || peer->takes)
		return false;
	if (peer->said_hello)
		return take_command(peer);
	return peer->input[0] == 0x16 ? take_hello(peer) : take_request(peer);
}

static ssize_t take_bytes(struct peer *peer)
{
	ssize_t size = recv(peer->fd, NULL, BLOCK, MSG_DONTWAIT | MSG_TRUNC);

	if (size <= 0)
		return size;
	peer->to_take -= size;
	if (!peer->to_take) {
		peer->takes = false;
		reply(peer, 1);
	}
	return size;
}

static ssize_t read_input(struct peer *peer)
{
	ssize_t size = recv(peer->fd, peer->input + peer->size, INPUT_MAX - peer->size,
			    MSG_DONTWAIT);

	if (size <= 0)
		return size;
	peer->size += size;
	while (take_next(peer))
		;
	return size;
}

static void serve(struct peer *peer, __u32 events)
{
	ssize_t size;

	if (events & EPOLLOUT && peer->to_send)
		send_bytes(peer);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	do
		size = peer->takes ? take_bytes(peer) : read_input(peer);
	while (size > 0);
	if (size == 0 || (size < 0 && errno != EAGAIN))
		peer_free(peer);
}

static void welcome(int listener)
{
	static const int on = 1;
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	struct peer *peer;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			bench_die("no memory");
		peer->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		event.data.ptr = peer;
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
	}
}

static int listen_at(__u16 port)
{
	static const int on = 1;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 4096) < 0)
		bench_die("origin: port %u: %m", port);
	return fd;
}

void origin_open(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	int listener = listen_at(ORIGIN_PORT);

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
	listener_fd = listener;
}

bool origin_is_open(void)
{
	return epoll_fd >= 0;
}

void origin_serve(int wait_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(epoll_fd, events, EVENTS_MAX, sender ? 0 : wait_ms);

	if (sender)
		send_bytes(sender);

	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr)
			serve(events[i].data.ptr, events[i].events);
		else
			welcome(listener_fd);
	}
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all load is made of: a ClientHello of the usual size, tunnels, commands to the origin, one run.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "load.h"
#include "origin.h"
#include "unit/sniff_hello.h"

enum { WAIT_MS = 20000, EVENTS_MAX = 64 };

#define NAME "n0000000.example.org"

static void build(struct bytes *to)
{
	static struct bytes message;
	struct hello_parts parts = {.name = NAME, .alpn = "\x02h2\x08http/1.1", .padding = 1};

	for (; to->size != HELLO_SIZE; parts.padding++) {
		if (parts.padding > HELLO_SIZE)
			bench_die("no hello of %d bytes", HELLO_SIZE);
		hello_message(&message, &parts);
		cut_records(to, &message, 1 << 14);
	}
}

const __u8 *load_hello(__u32 name)
{
	static struct bytes hello;
	static __u8 *digits;
	char number[8];

	if (!digits) {
		build(&hello);
		digits = memmem(hello.data, hello.size, NAME, strlen(NAME));
	}
	snprintf(number, sizeof(number), "%07u", name % 10000000);
	memcpy(digits + 1, number, 7);
	return hello.data;
}

int load_connect(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		bench_die("socket: %m");
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

bool load_receive(int fd, void *to, size_t size)
{
	int flags = origin_is_open() ? MSG_DONTWAIT : 0;
	char *at = to;

	while (size) {
		ssize_t some = recv(fd, at, size, flags);

		if (some == 0 || (some < 0 && errno != EAGAIN))
			return false;
		if (some < 0)
			origin_serve(0);
		else
			at += some, size -= some;
	}
	return true;
}

int load_tunnel(const struct sockaddr_in *to, __u32 name)
{
	char reply[HELLO_REPLY_SIZE];
	int fd = load_connect(to);

	if (fd < 0)
		return -1;
	if (send(fd, load_hello(name), HELLO_SIZE, MSG_NOSIGNAL) == HELLO_SIZE &&
	    load_receive(fd, reply, sizeof(reply)))
		return fd;
	close(fd);
	return -1;
}

void load_command(int fd, char command, __u64 bytes)
{
	char text[COMMAND_SIZE] = "";

	text[0] = command;
	memcpy(text + 8, &bytes, sizeof(bytes));
	if (send(fd, text, sizeof(text), MSG_NOSIGNAL) != COMMAND_SIZE)
		bench_die("send: %m");
}

int load_wait(int epoll_fd, struct epoll_event *events, int events_max)
{
	__u64 until_ns = bench_now_ns() + WAIT_MS * 1000000ULL;
	int count = 0;

	if (!origin_is_open())
		return epoll_wait(epoll_fd, events, events_max, WAIT_MS);
	while (!count && bench_now_ns() < until_ns) {
		origin_serve(0);
		count = epoll_wait(epoll_fd, events, events_max, 0);
	}
	return count;
}

struct load_run load_begin(const struct load *load)
{
	return (struct load_run){
		.load = load, .random.state = 4711, .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
}

bool load_is_over(const struct load_run *run)
{
	if (run->load->count)
		return run->started >= run->load->count;
	return bench_now_ns() >= run->load->until_ns;
}

void load_drive(struct load_run *run, void (*proceed)(struct load_run *run, void *client))
{
	struct epoll_event events[EVENTS_MAX];

	while (run->open) {
		int count = load_wait(run->epoll_fd, events, EVENTS_MAX);

		if (count == 0) {
			run->result.failed += run->open;
			break;
		}
		for (int i = 0; i < count; i++)
			proceed(run, events[i].data.ptr);
	}
	close(run->epoll_fd);
}

void load_must(const char *who, struct load_result result)
{
	if (result.failed)
		bench_die("%s: %llu of %llu failed", who, result.failed,
			  result.done + result.failed);
}

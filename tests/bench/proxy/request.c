/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests: connections that are kept, one request on each at a time.
 *
 * A connection that was kept and ends before the first byte of an answer came is no failure but a
 * race that HTTP allows (RFC 9112, section 9.3.1): the request goes again, on a new connection.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/bench.h"
#include "load.h"

enum { HEAD_MAX = 4096, REQUEST_MAX = 1024 };

struct requester {
	int fd;
	__u32 requests; /* on this connection */
	__u32 head_size;
	__u64 body_left;
	bool has_head;
	char head[HEAD_MAX + 1];
};

size_t load_request_text(__u32 name, __u32 body_bytes, char *to, size_t size)
{
	return snprintf(
		to, size,
		"GET /%u HTTP/1.1\r\n"
		"Host: n%07u.example.org\r\n"
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 "
		"Firefox/128.0\r\n"
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
		"Accept-Language: en-GB,en;q=0.5\r\n"
		"Accept-Encoding: gzip, deflate, br\r\n"
		"Referer: https://www.example.org/index.html\r\n"
		"Connection: keep-alive\r\n"
		"Cookie: session=0123456789abcdef0123456789abcdef\r\n"
		"Cache-Control: max-age=0\r\n"
		"\r\n",
		body_bytes, name);
}

static void send_request(struct load_run *run, struct requester *requester)
{
	char text[REQUEST_MAX];
	size_t size = load_request_text(random_u32(&run->random) % run->load->names,
					run->load->body_bytes, text, sizeof(text));

	requester->has_head = false;
	requester->head_size = 0;
	requester->requests++;
	/* A failure shows when the answer does not come. */
	(void)send(requester->fd, text, size, MSG_NOSIGNAL);
}

static void open_conn(struct load_run *run, struct requester *requester)
{
	static const int on = 1;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = requester};

	requester->fd = load_connect(&run->load->to);
	requester->requests = 0;
	if (requester->fd < 0) {
		run->result.failed++;
		return;
	}
	setsockopt(requester->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, requester->fd, &event);
	run->open++;
	send_request(run, requester);
}

static void close_conn(struct load_run *run, struct requester *requester)
{
	close(requester->fd);
	requester->fd = -1;
	run->open--;
}

static void next(struct load_run *run, struct requester *requester)
{
	const struct load *load = run->load;
	bool is_spent = load->requests_per_conn && requester->requests >= load->requests_per_conn;

	if (is_spent || requester->fd < 0 || load_is_over(run)) {
		if (requester->fd >= 0)
			close_conn(run, requester);
		if (load_is_over(run))
			return;
		run->started++;
		open_conn(run, requester);
		return;
	}
	run->started++;
	send_request(run, requester);
}

static void ended(struct load_run *run, struct requester *requester)
{
	bool is_race = requester->requests > 1 && !requester->head_size;

	close_conn(run, requester);
	if (is_race) {
		open_conn(run, requester);
		return;
	}
	run->result.failed++;
	next(run, requester);
}

/* Take the head's end out of what has come. Returns false when it is no good answer. */
static bool take_head(const struct load_run *run, struct requester *requester)
{
	const char *end;

	requester->head[requester->head_size] = '\0';
	end = strstr(requester->head, "\r\n\r\n");
	if (!end)
		return requester->head_size < HEAD_MAX;
	requester->has_head = true;
	requester->body_left = run->load->body_bytes -
			       (requester->head_size - (end + 4 - requester->head));
	return strncmp(requester->head, "HTTP/1.1 200 ", 13) == 0;
}

static void proceed(struct load_run *run, void *client)
{
	static char body[1 << 18];
	struct requester *requester = client;
	char *to = requester->has_head ? body : requester->head + requester->head_size;
	size_t room = requester->has_head ? sizeof(body) : HEAD_MAX - requester->head_size;
	ssize_t size = recv(requester->fd, to, room, MSG_DONTWAIT);

	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0) {
		ended(run, requester);
		return;
	}
	if (requester->has_head) {
		requester->body_left -= size;
	} else {
		requester->head_size += size;
		if (!take_head(run, requester)) {
			run->result.failed++;
			close_conn(run, requester);
			next(run, requester);
			return;
		}
	}
	if (requester->has_head && !requester->body_left) {
		run->result.done++;
		next(run, requester);
	}
}

struct load_result load_request(const struct load *load)
{
	static struct requester requesters[IN_FLIGHT_MAX];
	struct load_run run = load_begin(load);

	for (__u32 i = 0; i < load->in_flight && i < IN_FLIGHT_MAX; i++) {
		requesters[i] = (struct requester){.fd = -1};
		next(&run, &requesters[i]);
	}
	load_drive(&run, proceed);
	for (__u32 i = 0; run.open && i < load->in_flight; i++)
		if (requesters[i].fd >= 0)
			close(requesters[i].fd);
	return run.result;
}

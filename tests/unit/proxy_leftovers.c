/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is left of one message is never a part of the next: a body that a container did not take, an
 * answer that nobody asked for. And what a connection no longer needs is not kept.
 */
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy_lab.h"

static struct lab lab;

static void start(void)
{
	lab_init(&lab);
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(leftovers, name, .init = start, .fini = stop)
#define B           "b.example app=b http %1\n"

/* A head, nothing of the body, and a reset once the proxy's queues are full. */
static void serve_refusal(struct lab_container *container, int fd)
{
	static const struct linger abort = {.l_onoff = 1};
	char head[4096];

	(void)container;
	lab_read_head(fd, head, sizeof(head));
	lab_sleep_ms(150);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

/* A body that is a request, over and over, and then a request for another app. */
static void ask_after_body(int app, size_t size)
{
	static const char smuggled[] = "GET /smuggled HTTP/1.1\r\nHost: b.example\r\n\r\n";
	char head[200], answer[4096];
	char *body = malloc(size);
	int fd = lab_connect(lab.http_port);

	for (size_t i = 0; i < size; i++)
		body[i] = smuggled[i % strlen(smuggled)];
	sprintf(head, "POST / HTTP/1.1\r\nHost: a%d.example\r\nContent-Length: %zu\r\n\r\n", app,
		size);
	lab_say(fd, head);
	/* The proxy may have given up before it is all sent. */
	send(fd, body, size, MSG_NOSIGNAL);
	send(fd, LAST("b.example"), strlen(LAST("b.example")), MSG_NOSIGNAL);
	lab_read(fd, answer, sizeof(answer) - 1, NULL);
	close(fd);
	free(body);
}

enum { SIZES = 20 };

STORY(a_body_that_was_not_taken_never_follows_the_next_request)
{
	char routes[SIZES * 40] = B, *to = routes + strlen(routes), *seen;

	lab_container(&lab, 0, serve_refusal, NULL);
	lab_container(&lab, 1, serve_loop, OK("2\r\n\r\nOK"));
	/* An app each, because the container is in quarantine after each. */
	for (int i = 0; i < SIZES; i++)
		to += sprintf(to, "a%d.example app=a%d http %%0\n", i, i);
	lab_start(&lab, routes);
	/* What the queues hold differs: some size leaves its last bytes in the proxy's pipe. */
	for (int i = 0; i < SIZES; i++)
		ask_after_body(i, (256 + 320 * i) << 10);
	seen = lab_seen(&lab.containers[1]);
	expect_has(seen, "GET / HTTP/1.1");
	expect_has_not(seen, "/smuggled");
	free(seen);
}

static size_t long_size;

/* A long answer with another one behind it, which nobody asked for. */
static void serve_two_answers(struct lab_container *container, int fd)
{
	static const char poison[] = OK("6\r\n\r\npoison");
	size_t room = long_size + 200, size;
	char head[4096], *both = malloc(room);

	(void)container;
	lab_read_head(fd, head, sizeof(head));
	size = sprintf(both, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", long_size);
	memset(both + size, 'x', long_size);
	strcpy(both + size + long_size, poison);
	lab_send(fd, both, size + long_size + strlen(poison));
	free(both);
	lab_read_head(fd, head, sizeof(head));
}

/* Read the long answer when the rest of it has come as far as it can, then ask for another. */
static void ask_twice(void)
{
	static char answer[8 << 20];
	int fd = lab_connect(lab.http_port);

	lab_say(fd, GET("a.example"));
	lab_sleep_ms(100);
	lab_read_head(fd, answer, sizeof(answer));
	cr_expect_eq(lab_read(fd, answer, long_size, NULL), long_size);
	lab_say(fd, GET("a.example"));
	lab_read_head(fd, answer, sizeof(answer));
	expect_has(answer, "200 OK");
	expect_has_not(answer, "Content-Length: 6\r\n");
	close(fd);
}

STORY(an_answer_that_nobody_asked_for_answers_nobody)
{
	lab_container(&lab, 0, serve_two_answers, NULL);
	lab_start(&lab, "a.example app=a http %0\n");
	/* What the queues hold differs: at some size the proxy has read all but what is too much. */
	for (long_size = 2 << 20; long_size < 8 << 20; long_size += 512 << 10)
		ask_twice();
}

/* One answer; at the next request it closes, and its port is dead from then on. */
static void serve_and_vanish(struct lab_container *container, int fd)
{
	static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	const struct sock_fprog filter = {1, nothing};
	char head[4096];

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, OK("2\r\n\r\nOK"));
	lab_read_head(fd, head, sizeof(head));
	cr_expect_eq(setsockopt(container->listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				sizeof(filter)),
		     0);
}

STORY(a_second_attempt_is_connected_when_it_is)
{
	lab.limits.connect_ns = 200000000;
	lab.limits.first_byte_ns = 600000000;
	lab_container(&lab, 0, serve_and_vanish, NULL);
	lab_start(&lab, "a.example app=a http %0\n");
	expect_has(lab_ask(lab.http_port, GET("a.example") LAST("a.example")),
		   "X-Weir-Error: connect_timeout");
}

STORY(who_accepts_and_cuts_stays_away_ever_longer)
{
	lab_container(&lab, 0, serve_refusal, NULL);
	lab_start(&lab, "a.example app=a http %0\n");
	for (__u32 i = 1; i <= 3; i++) {
		struct weir_container_state *container = lab.proxy->table->containers[0];

		expect_has(lab_ask(lab.http_port, LAST("a.example")), "container_reset");
		cr_expect_eq(__atomic_load_n(&container->failures, __ATOMIC_RELAXED), i);
		__atomic_store_n(&container->retry_at_ns, 0, __ATOMIC_RELAXED);
	}
}

static void serve_switch(struct lab_container *container, int fd)
{
	char head[4096];

	(void)container;
	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
	lab_read(fd, head, 1, NULL);
}

static void serve_tunnel(struct lab_container *container, int fd)
{
	char bytes[4096];

	(void)container;
	lab_read_head(fd, bytes, sizeof(bytes));
	lab_say(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
	while (lab_read(fd, bytes, 4, NULL) == 4)
		lab_send(fd, bytes, 4);
}

/* All but three buffers are lent already: a test cannot have as many clients as that takes. */
STORY(heads_that_never_end_leave_room_for_what_is_under_way)
{
	enum { HEADS = 6 };
	__u64 *lent;
	char got[4096] = "";
	int fd, heads[HEADS];

	lab_container(&lab, 0, serve_tunnel, NULL);
	lab_start(&lab, "a.example app=a http %0\n");
	lent = &lab.proxy->workers[0].pools.buffers.lent_bytes;
	fd = lab_connect(lab.http_port);
	lab_say(fd, "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n"
		    "Connection: Upgrade\r\n\r\n");
	lab_read_head(fd, got, sizeof(got));
	lab_until(!__atomic_load_n(lent, __ATOMIC_RELAXED));
	__atomic_store_n(lent, WEIR_BUFFERS_MAX - 3 * WEIR_BUFFER_SIZE, __ATOMIC_RELAXED);
	for (int i = 0; i < HEADS; i++) {
		heads[i] = lab_connect(lab.http_port);
		lab_say(heads[i], "GET / HTTP/1.1\r\n");
	}
	lab_sleep_ms(100);
	lab_say(fd, "ping");
	cr_expect_eq(lab_read(fd, got, 4, NULL), 4);
	for (int i = 0; i < HEADS; i++) {
		got[lab_read(heads[i], got, sizeof(got) - 1, NULL)] = 0;
		expect_has(got, "HTTP/1.1 503 ");
		close(heads[i]);
	}
	close(fd);
}

/* It has not been read: answered later, it would be taken for the answer to the next one. */
STORY(a_request_that_finds_no_buffer_is_answered_once)
{
	char got[4096] = "";
	__u64 *lent;
	int fd;

	lab_container(&lab, 0, serve_loop, OK("2\r\n\r\nok"));
	lab_start(&lab, "a.example app=a http %0\n");
	lent = &lab.proxy->workers[0].pools.buffers.lent_bytes;
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read_head(fd, got, sizeof(got));
	cr_expect_eq(lab_read(fd, got, 2, NULL), 2);
	lab_until(!__atomic_load_n(lent, __ATOMIC_RELAXED));
	__atomic_store_n(lent, WEIR_BUFFERS_HEADS_MAX, __ATOMIC_RELAXED);
	lab_say(fd, GET("a.example"));
	lab_read_head(fd, got, sizeof(got));
	expect_has(got, "HTTP/1.1 503 ");
	expect_has(got, "Connection: close\r\n");
	__atomic_store_n(lent, 0, __ATOMIC_RELAXED);
	lab_say(fd, LAST("a.example"));
	got[lab_read(fd, got, sizeof(got) - 1, NULL)] = 0;
	expect_has_not(got, "200 OK");
	close(fd);
}

STORY(an_idle_websocket_keeps_neither_a_buffer_nor_old_routes)
{
	const char *routes = "a.example app=a http %0\n";
	struct weir_table *table;
	char head[4096];
	int fd;

	lab_container(&lab, 0, serve_switch, NULL);
	lab_start(&lab, routes);
	table = weir_proxy_table(lab.proxy);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n"
		    "Connection: Upgrade\r\n\r\n");
	lab_read_head(fd, head, sizeof(head));
	expect_has(head, "101 Switching");
	lab_reload(&lab, routes);
	lab_until(!__atomic_load_n(&lab.proxy->workers[0].pools.buffers.lent_bytes,
				   __ATOMIC_RELAXED));
	/* Ours. */
	lab_until(__atomic_load_n(&table->references, __ATOMIC_RELAXED) == 1);
	weir_table_unref(&table);
	close(fd);
}

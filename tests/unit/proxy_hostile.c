/* SPDX-License-Identifier: GPL-2.0-only */
/* Clients and containers that are slow, greedy, or gone in the middle; and limits met exactly. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proxy_lab.h"
#include "random.h"

static struct lab lab;

static void start(void)
{
	lab_init(&lab);
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(hostile, name, .init = start, .fini = stop)
#define A           "a.example app=a http %0\n"

static __u64 lent(void)
{
	return __atomic_load_n(&lab.proxy->workers[0].pools.buffers.lent_bytes, __ATOMIC_RELAXED);
}

/* ---- limits ---------------------------------------------------------------------------- */

/* A request whose header lines take exactly `size` bytes, none of them more than 8192. */
static char *head_of(size_t size)
{
	static char text[1 << 17];
	char *to = text + sprintf(text, "GET / HTTP/1.1\r\n"), *headers = to;

	to += sprintf(to, "Host: a.example\r\nConnection: close\r\n");
	while ((size_t)(to - headers) < size) {
		size_t left = size - (to - headers), run = left < 6000 ? left : 3000;

		to += sprintf(to, "X: %0*d\r\n", (int)run - 5, 0);
	}
	sprintf(to, "\r\n");
	return text;
}

STORY(passes_a_head_at_the_limit_whole_and_refuses_one_byte_more)
{
	lab_container(&lab, 0, serve_once, OK("2\r\n\r\nOK"));
	lab_start(&lab, A);
	for (size_t size = 32767; size <= 32768; size++) {
		char *seen;

		expect_has(lab_ask(lab.http_port, head_of(size)), "\r\n\r\nOK");
		seen = lab_seen(&lab.containers[0]);
		cr_expect_gt(strlen(seen), size - 100);
		free(seen);
		lab.containers[0].seen_size = 0;
	}
	expect_has(lab_ask(lab.http_port, head_of(32769)), "headers_too_long");
	cr_expect_eq(lab.containers[0].accepted, 2);
}

static const char *ask_header(int size)
{
	static char text[20000];

	snprintf(text, sizeof(text),
		 "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nX: %0*d\r\n\r\n",
		 size - 3, 0);
	return lab_ask(lab.http_port, text);
}

STORY(passes_a_header_at_the_limit_and_refuses_one_byte_more)
{
	lab_container(&lab, 0, serve_once, OK("2\r\n\r\nOK"));
	lab_start(&lab, A);
	expect_has(ask_header(8191), "\r\n\r\nOK");
	expect_has(ask_header(8192), "\r\n\r\nOK");
	expect_has(ask_header(8193), "header_too_long");
}

static const char *ask_target(int size)
{
	static char text[20000];

	snprintf(text, sizeof(text),
		 "GET /%0*d HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n", size - 1, 0);
	return lab_ask(lab.http_port, text);
}

STORY(passes_a_target_at_the_limit_and_refuses_one_byte_more)
{
	lab_container(&lab, 0, serve_once, OK("2\r\n\r\nOK"));
	lab_start(&lab, A);
	expect_has(ask_target(8191), "\r\n\r\nOK");
	expect_has(ask_target(8192), "\r\n\r\nOK");
	expect_has(ask_target(8193), "HTTP/1.1 414 ");
}

/* ---- containers ------------------------------------------------------------------------ */

static void serve_interim(struct lab_container *container, int fd)
{
	static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
	char data[1 << 14];
	size_t size = 0;

	lab_read_head(fd, data, sizeof(data));
	for (; size + sizeof(interim) < sizeof(data); size += sizeof(interim) - 1)
		memcpy(data + size, interim, sizeof(interim) - 1);
	/* 32 MB, and then an answer after all. */
	for (int i = 0; i < 2000; i++)
		lab_send(fd, data, size);
	lab_say(fd, container->answer);
}

/* Each line is looked up among the fields that Connection names: not by reading them all again. */
STORY(a_head_of_many_lines_and_options_takes_no_longer_than_any)
{
	static char text[1 << 16], got[1 << 16];
	char *to = text + sprintf(text, "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: 1");
	struct timespec begun, ended;
	int fd;

	for (int i = 2; i <= WEIR_NOMINATED_MAX; i++)
		to += sprintf(to, ",%d", i);
	to += sprintf(to, ",,close,keep-alive,upgrade\r\n");
	while (to - text < 32000)
		to += sprintf(to, "a:\r\n");
	sprintf(to, "\r\n");
	lab_container(&lab, 0, serve_once, OK("2\r\n\r\nOK"));
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	lab_say(fd, text);
	lab_read(fd, got, 12, NULL);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	cr_expect(!memcmp(got, "HTTP/1.1 200", 12), "%.12s", got);
	cr_expect_lt(ended.tv_sec - begun.tv_sec, 2, "seconds for one request");
	close(fd);
}

STORY(ends_a_flood_of_interim_responses)
{
	static char got[1 << 18];
	__u64 most = 0;
	int fd;

	lab_container(&lab, 0, serve_interim, OK("2\r\n\r\nOK"));
	lab_container(&lab, 1, serve_loop, OK("1\r\n\r\nB"));
	lab_start(&lab, A "b.example app=b http %1\n");
	fd = lab_connect(lab.http_port);
	lab_say(fd, LAST("a.example"));
	for (int i = 0; i < 20; i++) {
		/* This client reads nothing, and others are served. */
		expect_has(lab_ask(lab.http_port, LAST("b.example")), "\r\n\r\nB");
		most = lent() > most ? lent() : most;
	}
	cr_expect_lt(most, 1 << 20, "%llu bytes lent", most);
	got[lab_read(fd, got, sizeof(got) - 1, NULL)] = 0;
	expect_has(got, "X-Weir-Error: response_too_long");
	close(fd);
}

STORY(passes_a_few_interim_responses_of_some_size)
{
	static char answer[1 << 16];
	char *to = answer;

	for (int i = 0; i < 5; i++)
		to += sprintf(to, "HTTP/1.1 103 Early Hints\r\nLink: %05000d\r\n\r\n", 0);
	sprintf(to, "%s", OK("2\r\n\r\nOK"));
	lab_container(&lab, 0, serve_once, answer);
	lab_start(&lab, A);
	to = (char *)lab_ask(lab.http_port, LAST("a.example"));
	expect_has(to, "\r\n\r\nOK");
	for (int i = 0; i < 5; i++)
		cr_expect((to = strstr(to, "103 Early Hints")) && to++);
}

static void serve_crash_in_chunk(struct lab_container *container, int fd)
{
	static const struct linger abort = {.l_onoff = 1};
	char head[1 << 14];

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
		    "chunked\r\n\r\n5\r\nhello\r\n100000\r\nhalf");
	lab_wait_sent(fd);
	if (container->size)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

/* Closed or reset by the container: the client never takes what it has for all there is. */
static void expect_cut(size_t resets)
{
	char got[2000] = "";
	int fd, error;

	lab.containers[0].size = resets;
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read(fd, got, sizeof(got) - 1, &error);
	expect_has(got, "half");
	expect_has_not(got, "\r\n0\r\n");
	cr_expect_eq(error, ECONNRESET, "%d", error);
	close(fd);
}

STORY(a_crash_within_a_chunk_is_no_end_of_the_body)
{
	lab_container(&lab, 0, serve_crash_in_chunk, NULL);
	lab_start(&lab, A);
	expect_cut(0);
	lab_reload(&lab, "b.example app=b http %0\na.example app=c http %0\n");
	expect_cut(1);
}

/* Requests that a burst of clients makes: how many were answered whole, refused, or cut. */
static struct {
	int whole, refused, cut, odd;
} burst;

static void serve_until_dead(struct lab_container *container, int fd)
{
	char head[1 << 14];

	while (lab_read_head(fd, head, sizeof(head))) {
		if (__atomic_load_n(&container->size, __ATOMIC_SEQ_CST))
			return;
		lab_say(fd, OK("6\r\n\r\nwh"));
		lab_sleep_ms(2);
		lab_say(fd, "ole!");
	}
}

static void *ask_often(void *argument)
{
	(void)argument;
	for (int i = 0; i < 50; i++) {
		char got[2000] = "";
		int fd = lab_connect(lab.http_port), error;
		int *count = &burst.odd;

		lab_say(fd, LAST("a.example"));
		lab_read(fd, got, sizeof(got) - 1, &error);
		close(fd);
		if (strstr(got, "\r\n\r\nwhole!"))
			count = &burst.whole;
		else if (!strncmp(got, "HTTP/1.1 502 ", 13))
			count = &burst.refused;
		else if (error == ECONNRESET)
			count = &burst.cut;
		__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

STORY(a_container_that_dies_in_a_burst_costs_what_it_had_and_no_more)
{
	pthread_t threads[8];

	lab_container(&lab, 0, serve_until_dead, NULL);
	lab_container(&lab, 1, serve_until_dead, NULL);
	lab_start(&lab, "a.example app=a http %0 %1\n");
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, ask_often, NULL);
	lab_wait(&burst.whole, 100);
	/* It closes what it serves and refuses what comes. */
	__atomic_store_n(&lab.containers[0].size, 1, __ATOMIC_SEQ_CST);
	shutdown(lab.containers[0].listener, SHUT_RDWR);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	cr_expect_eq(burst.odd, 0, "%d odd", burst.odd);
	cr_expect_eq(burst.whole + burst.refused + burst.cut, 400);
	/* At most what each client and the listener's queue had with it at that moment. */
	cr_expect_leq(burst.refused + burst.cut, 24, "%d refused, %d cut", burst.refused,
		      burst.cut);
}

/* ---- clients --------------------------------------------------------------------------- */

static void serve_big(struct lab_container *container, int fd)
{
	static char data[1 << 16];
	char head[1 << 14];

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, OK("104857600\r\n\r\n"));
	for (int i = 0; i < 1600; i++)
		lab_send(fd, data, sizeof(data));
	(void)container;
}

STORY(readers_that_do_not_read_hold_up_nobody_and_no_memory)
{
	enum { SLOW = 40 };
	int fds[SLOW];

	lab_container(&lab, 0, serve_big, NULL);
	lab_container(&lab, 1, serve_loop, OK("1\r\n\r\nB"));
	lab_start(&lab, A "b.example app=b http %1\n");
	for (int i = 0; i < SLOW; i++) {
		fds[i] = lab_connect(lab.http_port);
		lab_say(fds[i], LAST("a.example"));
	}
	lab_sleep_ms(300);
	for (int i = 0; i < 20; i++)
		expect_has(lab_ask(lab.http_port, LAST("b.example")), "\r\n\r\nB");
	cr_expect_leq(lent(), SLOW * 2 * WEIR_BUFFER_SIZE, "%llu bytes lent", lent());
	for (int i = 0; i < SLOW; i++)
		lab_reset(fds[i]);
}

STORY(heads_that_never_end_hold_little_and_are_ended)
{
	enum { SLOW = 100 };
	char got[500];
	int fds[SLOW];

	lab.limits.hello_ns = 2000000000;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	for (int i = 0; i < SLOW; i++)
		fds[i] = lab_connect(lab.http_port);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < SLOW; i++)
			lab_say(fds[i], round ? "X: a\r\n" : "GET / HTTP/1.1\r\n");
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "\r\n\r\nA");
		lab_sleep_ms(50);
	}
	cr_expect_leq(lent(), SLOW * WEIR_BUFFER_SIZE);
	for (int i = 0; i < SLOW; i++) {
		got[lab_read(fds[i], got, sizeof(got) - 1, NULL)] = 0;
		expect_has(got, "HTTP/1.1 408 ");
		close(fds[i]);
	}
	lab_until(!lent());
}

/* Other noise for each connection. */
static void serve_noise(struct lab_container *container, int fd)
{
	struct random random = {container->size++};
	char noise[2048], head[1 << 14];

	lab_read_head(fd, head, sizeof(head));
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = random_below(&random, 256);
	lab_send(fd, noise, 1 + random_below(&random, sizeof(noise)));
}

STORY(answers_502_to_noise)
{
	lab_container(&lab, 0, serve_noise, NULL);
	lab_start(&lab, A);
	for (int i = 0; i < 200; i++) {
		lab.proxy->table->containers[0]->retry_at_ns = 0;
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "HTTP/1.1 502 ");
	}
}

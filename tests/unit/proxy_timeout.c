/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What does not come in time: heads, hellos, first bytes, containers that do not accept, and either side
 * that falls silent in the middle, as a machine does that has lost its power.
 */
#include <errno.h>
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

#define STORY(name) Test(timeout, name, .init = start, .fini = stop)
#define A           "a.example app=a http %0 tls %0\n"

STORY(answers_408_to_a_head_that_does_not_come)
{
	char got[1000] = "";
	int fd;

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab.limits.hello_ns = 200000000;
	lab.limits.keepalive_ns = 300000000;
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "GET / HTTP/1.1\r\nHost: a.exa");
	lab_read(fd, got, sizeof(got) - 1, NULL);
	expect_has(got, "408 ");
	close(fd);
	/* Nothing at all, and nothing more: closed without a word. */
	fd = lab_connect(lab.http_port);
	cr_expect_eq(lab_read(fd, got, sizeof(got), NULL), 0);
	close(fd);
	memset(got, 0, sizeof(got));
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read(fd, got, sizeof(got) - 1, NULL);
	expect_has_not(got, "408");
	close(fd);
}

STORY(closes_on_a_hello_that_does_not_come)
{
	char got[10];
	int fd;

	lab.limits.hello_ns = 200000000;
	lab_container(&lab, 0, serve_echo, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.tls_port);
	lab_say(fd, "\x16\x03\x01");
	cr_expect_eq(lab_read(fd, got, sizeof(got), NULL), 0);
	close(fd);
}

STORY(answers_504_when_the_first_byte_does_not_come)
{
	lab.limits.first_byte_ns = 200000000;
	lab_container(&lab, 0, serve_nothing, NULL);
	lab_start(&lab, A);
	expect_has(lab_ask(lab.http_port, LAST("a.example")), "504 ");
	lab_until(lab_ended(&lab, WEIR_END_FIRST_BYTE_TIMEOUT) == 1);
}

STORY(answers_504_when_the_container_does_not_accept)
{
	int filler;

	lab.limits.connect_ns = 300000000;
	/* A full queue of connections that nobody accepts drops every further SYN. */
	lab_container(&lab, 0, NULL, NULL);
	filler = lab_connect(lab.containers[0].port);
	lab_start(&lab, A);
	expect_has(lab_ask(lab.http_port, LAST("a.example")), "504 ");
	close(filler);
}

/* Begin an answer and say no more, without closing. */
static void serve_half(struct lab_container *container, int fd)
{
	char head[1 << 14];

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, OK("9\r\n\r\nhalf"));
	lab_read(fd, head, sizeof(head), NULL);
	(void)container;
}

STORY(resets_a_client_whose_container_falls_silent_in_mid_answer)
{
	char got[1000] = "";
	int fd, error;

	lab.limits.idle_ns = 300000000;
	lab_container(&lab, 0, serve_half, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read(fd, got, sizeof(got) - 1, &error);
	expect_has(got, "\r\n\r\nhalf");
	cr_expect_eq(error, ECONNRESET, "a cut answer must not look whole");
	lab_until(lab_ended(&lab, WEIR_END_IDLE_TIMEOUT) == 1);
	close(fd);
}

/* More than all that lies between it and the client can hold. */
static void serve_much(struct lab_container *container, int fd)
{
	static const char block[1 << 16];
	char head[1 << 14];

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, OK("70000000\r\n\r\n"));
	while (send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0)
		;
	(void)container;
}

STORY(lets_go_of_a_client_that_vanishes_in_mid_answer)
{
	char head[1000];
	int fd;

	lab.limits.idle_ns = 300000000;
	lab_container(&lab, 0, serve_much, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read_head(fd, head, sizeof(head));
	lab_until(lab_ended(&lab, WEIR_END_IDLE_TIMEOUT) == 1);
	close(fd);
}

/* Read a head and a body of ten bytes, then answer. */
static void serve_count_body(struct lab_container *container, int fd)
{
	char head[1 << 14];

	lab_read_head(fd, head, sizeof(head));
	if (lab_read(fd, head, 10, NULL) == 10)
		lab_say(fd, OK("1\r\n\r\nA"));
	(void)container;
}

STORY(lets_go_of_a_client_that_vanishes_in_mid_request)
{
	int fd;

	lab.limits.first_byte_ns = 300000000; /* once it has sent some */
	lab_container(&lab, 0, serve_nothing, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\nhalf");
	lab_until(lab_ended(&lab, WEIR_END_IDLE_TIMEOUT) == 1);
	close(fd);
}

STORY(lets_a_slow_upload_take_its_time)
{
	char got[1000] = "";
	int fd;

	lab.limits.first_byte_ns = lab.limits.idle_ns = 3000000000;
	lab_container(&lab, 0, serve_count_body, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n"
		    "Connection: close\r\n\r\n");
	/* Longer than either limit in all, a ninth of it between two bytes. */
	for (int i = 0; i < 10; i++) {
		lab_sleep_ms(333);
		lab_say(fd, "x");
	}
	lab_read(fd, got, sizeof(got) - 1, NULL);
	expect_has(got, " 200 OK");
	close(fd);
}

/* Ask for the body, then take a while over the answer. */
static void serve_late_after_continue(struct lab_container *container, int fd)
{
	char head[1 << 14];

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	if (lab_read(fd, head, 10, NULL) != 10)
		return;
	lab_sleep_ms(1800);
	lab_say(fd, OK("1\r\n\r\nA"));
	(void)container;
}

STORY(gives_a_container_its_time_from_the_end_of_the_request_after_100_continue_too)
{
	char got[1000] = "";
	int fd;

	lab.limits.first_byte_ns = lab.limits.idle_ns = 3000000000;
	lab_container(&lab, 0, serve_late_after_continue, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 10\r\n"
		    "Expect: 100-continue\r\nConnection: close\r\n\r\n");
	lab_read_head(fd, got, sizeof(got));
	lab_sleep_ms(1800);
	lab_say(fd, "0123456789");
	lab_read(fd, got, sizeof(got) - 1, NULL);
	expect_has(got, " 200 OK");
	close(fd);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* How connections end: half-close, resets, crashes, retries, timeouts, draining. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy_lab.h"
#include "sniff_hello.h"

static struct lab lab;

static void start(void)
{
	lab_init(&lab);
}

static void stop(void)
{
	lab_stop(&lab);
}

/* A test with a lab of its own. */
#define STORY(name) Test(close, name, .init = start, .fini = stop)

#define A "a.example app=a http %0 tls %0\n"

static size_t hello(const char *name, __u8 *to)
{
	static struct bytes message, wire;

	hello_message(&message, &(struct hello_parts){.name = name, .padding = 300});
	cut_records(&wire, &message, 100);
	memcpy(to, wire.data, wire.size);
	return wire.size;
}

static int tls_connect(const char *name, size_t *ret_size)
{
	__u8 bytes[4096];
	size_t size = hello(name, bytes);
	int fd = lab_connect(lab.tls_port);

	lab_send(fd, bytes, size);
	if (ret_size)
		*ret_size = size;
	return fd;
}

STORY(routes_tls_by_name_and_passes_every_byte_on)
{
	char got[5000];
	size_t size;
	int fd;

	lab_container(&lab, 0, serve_echo, NULL);
	lab_start(&lab, A);
	fd = tls_connect("A.Example.", &size);
	cr_expect_eq(lab_read(fd, got, size, NULL), size);
	lab_say(fd, "more");
	cr_expect_eq(lab_read(fd, got, 4, NULL), 4);
	shutdown(fd, SHUT_WR);
	cr_expect_eq(lab_read(fd, got, 1, NULL), 0);
	close(fd);
}

STORY(reads_a_hello_byte_by_byte)
{
	__u8 bytes[4096];
	char got[5000];
	size_t size = hello("a.example", bytes);
	int fd;

	lab_container(&lab, 0, serve_echo, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.tls_port);
	for (size_t i = 0; i < size; i++)
		lab_send(fd, bytes + i, 1);
	cr_expect_eq(lab_read(fd, got, size, NULL), size);
	cr_expect(!memcmp(got, bytes, size));
	close(fd);
}

STORY(sends_an_alert_for_an_unknown_or_missing_name)
{
	static const __u8 alert[] = {21, 3, 1, 0, 2, 2, 112};
	__u8 got[100];
	int fd;

	lab_container(&lab, 0, serve_echo, NULL);
	lab_start(&lab, A);
	fd = tls_connect("b.example", NULL);
	cr_expect_eq(lab_read(fd, got, sizeof(got), NULL), sizeof(alert));
	cr_expect(!memcmp(got, alert, sizeof(alert)));
	close(fd);
	fd = tls_connect(NULL, NULL);
	cr_expect_eq(lab_read(fd, got, sizeof(got), NULL), sizeof(alert));
	cr_expect(!memcmp(got, alert, sizeof(alert)));
	close(fd);
	cr_expect_eq(lab.containers[0].accepted, 0);
}

STORY(keeps_a_late_reply_of_a_half_closed_tunnel)
{
	char got[100] = "", want[100];
	size_t size;
	int fd;

	lab_container(&lab, 0, serve_count, NULL);
	lab_start(&lab, A);
	fd = tls_connect("a.example", &size);
	shutdown(fd, SHUT_WR);
	lab_read(fd, got, sizeof(got) - 1, NULL);
	sprintf(want, "%zu bytes", size);
	cr_expect_str_eq(got, want);
	close(fd);
}

static void serve_half_close(struct lab_container *container, int fd)
{
	lab_say(fd, "bye");
	shutdown(fd, SHUT_WR);
	serve_nothing(container, fd);
}

static bool has_last_words(struct lab_container *container)
{
	bool has;

	pthread_mutex_lock(&container->lock);
	has = container->seen_size > 10 &&
	      !memcmp(container->seen + container->seen_size - 10, "last words", 10);
	pthread_mutex_unlock(&container->lock);
	return has;
}

STORY(lets_the_client_speak_after_the_container_half_closed)
{
	char got[10] = "";
	int fd;

	lab_container(&lab, 0, serve_half_close, NULL);
	lab_start(&lab, A);
	fd = tls_connect("a.example", NULL);
	lab_read(fd, got, sizeof(got), NULL);
	cr_expect_str_eq(got, "bye");
	lab_say(fd, "last words");
	close(fd);
	lab_until(has_last_words(&lab.containers[0]));
}

static int has_begun;  /* 1: the container has the hello's first byte */
static int ended_with; /* the errno of the container's read, 1000: none */

static void serve_end(struct lab_container *container, int fd)
{
	char data[1 << 16];
	int error = 0;

	lab_read(fd, data, 1, NULL);
	__atomic_store_n(&has_begun, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&container->size, lab_read(fd, data, sizeof(data), &error),
			 __ATOMIC_SEQ_CST);
	__atomic_store_n(&ended_with, error ? error : 1000, __ATOMIC_SEQ_CST);
}

STORY(passes_a_clients_reset_on_as_a_reset)
{
	int fd;

	lab_container(&lab, 0, serve_end, NULL);
	lab_start(&lab, A);
	fd = tls_connect("a.example", NULL);
	lab_wait(&has_begun, 1);
	lab_reset(fd);
	lab_wait(&ended_with, 1);
	cr_expect_eq(ended_with, ECONNRESET, "%d", ended_with);
}

enum { MUCH = 256 << 10 };

static int reset_came; /* 1: the container's reset is about to be sent */

static void serve_much_then_reset(struct lab_container *container, int fd)
{
	static const struct linger abort = {.l_onoff = 1};
	static char data[MUCH];

	(void)container;
	lab_send(fd, data, sizeof(data));
	lab_wait_sent(fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	__atomic_store_n(&reset_came, 1, __ATOMIC_SEQ_CST);
}

STORY(passes_a_containers_reset_on_after_what_came_before_it)
{
	static char got[2 * MUCH];
	size_t size;
	int fd, error;

	lab_container(&lab, 0, serve_much_then_reset, NULL);
	lab_start(&lab, A);
	fd = tls_connect("a.example", NULL);
	/* A slow reader: most of it waits in the proxy when the reset comes. */
	lab_wait(&reset_came, 1);
	size = lab_read(fd, got, sizeof(got), &error);
	cr_expect_eq(size, MUCH, "%zu", size);
	cr_expect_eq(error, ECONNRESET, "%d", error);
	close(fd);
}

/* Slower than any wait without a bound on what has gone meanwhile: its last bytes take seconds. */
STORY(resets_a_slow_client_only_when_it_has_all)
{
	enum { PIECE = 8 << 10 };
	static char got[2 * MUCH];
	const int small = 4096;
	size_t size, n = 1;
	int fd, error = 0;

	lab_container(&lab, 0, serve_much_then_reset, NULL);
	lab_start(&lab, A);
	fd = tls_connect("a.example", NULL);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	lab_wait(&reset_came, 1);
	for (size = 0; n && !error && size < MUCH; size += n) {
		lab_sleep_ms(250);
		n = lab_read(fd, got, size < MUCH / 2 ? MUCH / 2 : PIECE, &error);
	}
	cr_expect_eq(size, MUCH, "%zu", size);
	if (!error)
		lab_read(fd, got, 1, &error);
	cr_expect_eq(error, ECONNRESET, "%d", error);
	close(fd);
}

static void serve_crash(struct lab_container *container, int fd)
{
	char head[65536];

	(void)container;
	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, OK("1000\r\n\r\nhalf"));
}

STORY(cuts_the_response_of_a_container_that_crashes)
{
	char got[1000] = "";
	int fd, error;

	lab_container(&lab, 0, serve_crash, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read(fd, got, sizeof(got) - 1, &error);
	expect_has(got, "\r\n\r\nhalf");
	cr_expect_eq(error, ECONNRESET, "%d", error);
	close(fd);
}

STORY(answers_502_when_the_container_closes_without_a_word)
{
	lab_container(&lab, 0, serve_reset, NULL);
	lab_container(&lab, 1, serve_once, "");
	lab_start(&lab, A "b.example http %1\n");
	expect_has(lab_ask(lab.http_port, LAST("a.example")), "502 ");
	expect_has(lab_ask(lab.http_port, LAST("b.example")), "502 ");
}

static void serve_then_close(struct lab_container *container, int fd)
{
	char head[65536];

	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, container->answer);
	/* Kept alive by its word, closed by its deed, as soon as the next request is here. */
	lab_read(fd, head, 1, NULL);
}

STORY(tries_once_more_when_a_kept_link_turns_out_dead)
{
	int fd;
	char got[1000];

	lab_container(&lab, 0, serve_then_close, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	for (int i = 0; i < 5; i++) {
		lab_say(fd, GET("a.example"));
		lab_read_head(fd, got, sizeof(got));
		expect_has(got, "200 OK");
		lab_read(fd, got, 1, NULL);
	}
	cr_expect_eq(lab.containers[0].accepted, 5);
	close(fd);
}

STORY(sends_what_must_not_be_repeated_on_a_link_of_its_own)
{
	int fd;
	char got[1000];

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	for (int i = 0; i < 4; i++) {
		lab_say(fd,
			i % 2 ? "POST / HTTP/1.1\r\nHost: a.example\r\n\r\n" : GET("a.example"));
		lab_read_head(fd, got, sizeof(got));
		expect_has(got, "200 OK");
		lab_read(fd, got, 1, NULL);
	}
	/* Two POSTs of their own; the GETs share the links that are left over. */
	cr_expect_eq(lab.containers[0].accepted, 3, "%d", lab.containers[0].accepted);
	close(fd);
}

STORY(counts_a_client_that_goes_away_as_499)
{
	int fd;

	lab_container(&lab, 0, serve_nothing, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_wait(&lab.containers[0].accepted, 1);
	lab_reset(fd);
	lab_until(lab_ended(&lab, WEIR_END_CLIENT_RESET) == 1);
}

static int may_answer;

static void serve_when_told(struct lab_container *container, int fd)
{
	lab_wait(&may_answer, 1);
	serve_once(container, fd);
}

static void *stop_proxy(void *argument)
{
	weir_proxy_stop(argument, 5000000000ULL);
	return NULL;
}

STORY(drains_what_is_under_way_and_closes_what_is_idle)
{
	char got[1000] = "";
	const struct weir_worker *worker;
	int busy, idle;
	pthread_t stopper;

	lab_container(&lab, 0, serve_when_told, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	idle = lab_connect(lab.http_port);
	busy = lab_connect(lab.http_port);
	lab_say(busy, GET("a.example"));
	lab_wait(&lab.containers[0].accepted, 1);
	worker = &lab.proxy->workers[0];
	pthread_create(&stopper, NULL, stop_proxy, &lab.proxy);
	lab_until(__atomic_load_n(&worker->is_draining, __ATOMIC_RELAXED));
	__atomic_store_n(&may_answer, 1, __ATOMIC_SEQ_CST);
	lab_read(busy, got, sizeof(got) - 1, NULL);
	expect_has(got, "Connection: close\r\n");
	expect_has(got, "\r\n\r\nA");
	cr_expect_eq(lab_read(idle, got, sizeof(got), NULL), 0);
	pthread_join(stopper, NULL);
	close(busy);
	close(idle);
}

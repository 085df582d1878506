/* SPDX-License-Identifier: GPL-2.0-only */
/* How many connections there may be: of one client address, to one container. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy_lab.h"

#define A "a.example app=a http %0"

/* ---- the table of clients -------------------------------------------------------------- */

Test(clients, admit_as_many_from_an_address_as_they_may_and_one_more_when_one_leaves)
{
	_cleanup_(weir_clients_free) struct weir_clients *clients = NULL;

	cr_assert_eq(weir_clients_new(100, 3, &clients), 0);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(weir_clients_enter(clients, 7), 0);
	cr_expect_eq(weir_clients_enter(clients, 7), -EDQUOT);
	cr_expect_eq(weir_clients_enter(clients, 8), 0);
	weir_clients_leave(clients, 7);
	cr_expect_eq(weir_clients_enter(clients, 7), 0);
	cr_expect_eq(weir_clients_enter(clients, 7), -EDQUOT);
}

Test(clients, refuse_and_count_on_when_every_place_is_taken)
{
	_cleanup_(weir_clients_free) struct weir_clients *clients = NULL;

	cr_assert_eq(weir_clients_new(4, 2, &clients), 0);
	for (__u32 address = 1; address <= 4; address++)
		cr_expect_eq(weir_clients_enter(clients, address), 0);
	cr_expect_eq(weir_clients_enter(clients, 5), -ENOSPC);
	cr_expect_eq(weir_clients_enter(clients, 4), 0, "who has a place needs no other");
	weir_clients_leave(clients, 1);
	cr_expect_eq(weir_clients_enter(clients, 5), 0);
	cr_expect_eq(weir_clients_enter(clients, 1), -ENOSPC);
}

Test(clients, leave_no_place_behind)
{
	_cleanup_(weir_clients_free) struct weir_clients *clients = NULL;

	cr_assert_eq(weir_clients_new(50, 1, &clients), 0);
	for (int round = 0; round < 200; round++) {
		__u32 first = round * 2654435761U;

		for (__u32 i = 0; i < 50; i++)
			cr_assert_eq(weir_clients_enter(clients, first + i), 0);
		cr_assert_eq(weir_clients_enter(clients, first + 50), -ENOSPC);
		for (__u32 i = 0; i < 50; i++)
			weir_clients_leave(clients, first + (i * 7) % 50);
	}
}

enum { CROWD = 4, CROWD_ROUNDS = 20000, CROWD_LIMIT = 3 };

static struct weir_clients *crowded;
static int inside[2], most[2];

/* In and out of two addresses, looking on the way how many are inside. */
static void *crowd(void *argument)
{
	__u32 address = *(const __u32 *)argument;
	int *count = &inside[address - 1];

	for (int i = 0; i < CROWD_ROUNDS; i++) {
		int now;

		if (weir_clients_enter(crowded, address))
			continue;
		now = __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
		if (now > __atomic_load_n(&most[address - 1], __ATOMIC_SEQ_CST))
			__atomic_store_n(&most[address - 1], now, __ATOMIC_SEQ_CST);
		/* Others, of other addresses, come and go. */
		if (!weir_clients_enter(crowded, 100 + i))
			weir_clients_leave(crowded, 100 + i);
		__atomic_sub_fetch(count, 1, __ATOMIC_SEQ_CST);
		weir_clients_leave(crowded, address);
	}
	return NULL;
}

Test(clients, never_admit_one_too_many_whatever_the_workers_do)
{
	static __u32 addresses[2] = {1, 2};
	pthread_t threads[CROWD * 2];

	cr_assert_eq(weir_clients_new(CROWD * 4, CROWD_LIMIT, &crowded), 0);
	for (int i = 0; i < CROWD * 2; i++)
		pthread_create(&threads[i], NULL, crowd, &addresses[i % 2]);
	for (int i = 0; i < CROWD * 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++) {
		cr_expect_leq(most[i], CROWD_LIMIT);
		for (int j = 0; j < CROWD_LIMIT; j++)
			cr_expect_eq(weir_clients_enter(crowded, 1 + i), 0, "one never left");
		cr_expect_eq(weir_clients_enter(crowded, 1 + i), -EDQUOT);
	}
	weir_clients_free(&crowded);
}

/* ---- through the proxy ----------------------------------------------------------------- */

static struct lab lab;

static void start(void)
{
	lab_init(&lab);
	lab.workers = 2;
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(connections, name, .init = start, .fini = stop)

STORY(of_one_client_beyond_the_most_get_429_and_others_stay)
{
	int fds[4];
	char got[1000];
	const char *refused;

	lab.limits.connections_per_client = 4;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	for (int i = 0; i < 4; i++) {
		fds[i] = lab_connect(lab.http_port);
		lab_say(fds[i], GET("a.example"));
		lab_read_head(fds[i], got, sizeof(got));
		expect_has(got, "200 OK");
	}
	refused = lab_ask(lab.http_port, GET("a.example"));
	expect_has(refused, "HTTP/1.1 429 Too Many Requests\r\n");
	expect_has(refused, "X-Weir-Error: client_connections\r\n");
	lab_until(lab_ended(&lab, WEIR_END_CLIENT_CONNECTIONS) == 1);
	for (int i = 0; i < 4; i++) {
		lab_say(fds[i], "");
		close(fds[i]);
	}
	/* Once the proxy has seen them go. */
	lab_until(strstr(lab_ask(lab.http_port, LAST("a.example")), "200 OK"));
}

/* What there is to read, behind what was read before. */
static const char *read_on(int fd, char *text, size_t size)
{
	size_t have = strlen(text);
	ssize_t n = read(fd, text + have, size - 1 - have);

	text[n > 0 ? have + n : have] = 0;
	return text;
}

/* Served in turn, while the listener is left alone; the log has it once, however many pauses there were. */
STORY(beyond_the_most_in_all_wait_and_the_log_says_so_once)
{
	char got[1000], line[20000] = "";
	int ends[2], fds[4];

	cr_assert(!pipe2(ends, O_NONBLOCK));
	lab.workers = 1;
	lab.log.fd = ends[1];
	lab.limits.connections_max = 1;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	for (int i = 0; i < 4; i++) {
		fds[i] = lab_connect(lab.http_port);
		lab_say(fds[i], GET("a.example"));
	}
	for (int i = 0; i < 4; i++) {
		lab_read_head(fds[i], got, sizeof(got));
		expect_has(got, "200 OK");
		close(fds[i]);
	}
	lab_until(strstr(read_on(ends[0], line, sizeof(line)), "paused="));
	/* Time for a second line, which must not come. */
	lab_sleep_ms(300);
	read_on(ends[0], line, sizeof(line));
	expect_has(line, " accept paused=too_many_connections worker=0 connections=2\n");
	cr_expect_null(strstr(strstr(line, "paused=") + 1, "paused="), "%s", line);
}

STORY(of_one_client_beyond_the_most_get_an_alert_over_tls)
{
	static const char alert[7] = {21, 3, 1, 0, 2, 2, 80};
	char got[100];
	int fds[2];

	lab.limits.connections_per_client = 1;
	lab_container(&lab, 0, serve_loop, "");
	lab_start(&lab, A);
	for (int i = 0; i < 2; i++) {
		fds[i] = lab_connect(lab.tls_port);
		/* The first byte of a hello: the connection is accepted and waits for more. */
		lab_send(fds[i], "\x16", 1);
	}
	/* Whichever was accepted second. */
	lab_until(lab_ended(&lab, WEIR_END_CLIENT_CONNECTIONS) == 1);
	for (int i = 0; i < 2; i++)
		if (recv(fds[i], got, sizeof(got), MSG_PEEK | MSG_DONTWAIT) > 0)
			cr_expect(lab_read(fds[i], got, sizeof(got), NULL) == 7 &&
				  !memcmp(got, alert, 7));
	cr_expect_eq(lab_ended(&lab, WEIR_END_CLIENT_CONNECTIONS), 1);
	close(fds[0]);
	close(fds[1]);
}

STORY(to_a_full_container_go_to_the_next_and_then_get_503)
{
	int fds[2];
	char got[1000];
	const char *refused;

	lab.limits.connections_per_container = 1;
	for (int i = 0; i < 2; i++)
		lab_container(&lab, i, serve_nothing, NULL);
	lab_start(&lab, "a.example app=a http %0 %1");
	for (int i = 0; i < 2; i++) {
		fds[i] = lab_connect(lab.http_port);
		lab_say(fds[i], GET("a.example"));
		lab_wait(&lab.containers[0].accepted, 1);
	}
	lab_wait(&lab.containers[1].accepted, 1);
	refused = lab_ask(lab.http_port, LAST("a.example"));
	expect_has(refused, "HTTP/1.1 503 ");
	expect_has(refused, "X-Weir-Error: containers_full\r\n");
	cr_expect_eq(lab.containers[0].accepted + lab.containers[1].accepted, 2);
	/* One of them leaves: its place is free again. */
	lab_reset(fds[0]);
	lab_until(lab_ended(&lab, WEIR_END_CLIENT_RESET) == 1);
	fds[0] = lab_connect(lab.http_port);
	lab_say(fds[0], GET("a.example"));
	lab_until(__atomic_load_n(&lab.containers[0].accepted, __ATOMIC_SEQ_CST) +
			  __atomic_load_n(&lab.containers[1].accepted, __ATOMIC_SEQ_CST) ==
		  3);
	cr_expect_eq(recv(fds[0], got, sizeof(got), MSG_DONTWAIT), -1);
	close(fds[0]);
	close(fds[1]);
}

STORY(kept_to_a_container_between_requests_take_no_place)
{
	lab.limits.connections_per_container = 1;
	lab.workers = 1;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	for (int i = 0; i < 10; i++)
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "200 OK");
	expect_has(lab_ask(lab.http_port, "POST / HTTP/1.1\r\nHost: a.example\r\n"
					  "Content-Length: 1\r\nConnection: close\r\n\r\nx"),
		   "200 OK");
}

STORY(to_a_container_that_refused_leave_its_place)
{
	lab.limits.connections_per_container = 1;
	lab.workers = 1;
	lab_container(&lab, 0, NULL, NULL);
	close(lab.containers[0].listener);
	lab_start(&lab, A);
	for (int i = 0; i < 3; i++) {
		lab_ask(lab.http_port, LAST("a.example"));
		lab_sleep_ms(i ? 0 : 1100);
	}
	lab_until(lab_ended(&lab, WEIR_END_CONTAINER_REFUSED) == 2);
	cr_expect_eq(lab_ended(&lab, WEIR_END_CONTAINERS_FULL), 0);
}

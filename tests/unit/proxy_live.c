/* SPDX-License-Identifier: GPL-2.0-only */
/* While traffic runs: reloads, bandwidth, quarantine, the log, limits on connections. */
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
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

#define STORY(name) Test(live, name, .init = start, .fini = stop)
#define A           "a.example app=a http %0\n"

static int is_over, asked, failed;

static void *ask_on(void *argument)
{
	int fd = lab_connect(lab.http_port);
	char got[2000];

	(void)argument;
	while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST)) {
		lab_say(fd, GET("a.example"));
		lab_read_head(fd, got, sizeof(got));
		if (!strstr(got, "200 OK") || lab_read(fd, got, 1, NULL) != 1) {
			__atomic_add_fetch(&failed, 1, __ATOMIC_SEQ_CST);
			break;
		}
		__atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
	}
	close(fd);
	return NULL;
}

STORY(routes_change_under_load_and_nothing_fails)
{
	pthread_t threads[4];

	lab.workers = 2;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_container(&lab, 1, serve_loop, OK("1\r\n\r\nB"));
	lab_start(&lab, A);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask_on, NULL);
	for (int i = 0; i < 100; i++) {
		lab_reload(&lab, i % 3 == 0   ? "a.example app=a http %1\n"
				 : i % 3 == 1 ? "a.example app=a http %0 %1\nb.example app=b\n"
					      : A "*.example app=c http %1\n");
		lab_sleep_ms(5);
	}
	__atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	cr_expect_eq(failed, 0);
	cr_expect_gt(asked, 100);
	cr_expect(lab.containers[0].accepted && lab.containers[1].accepted);
}

STORY(a_connection_under_way_finishes_on_its_old_container)
{
	int fd;
	char got[1000] = "";

	lab_container(&lab, 0, serve_slowly, OK("1\r\n\r\nA"));
	lab_container(&lab, 1, serve_loop, OK("1\r\n\r\nB"));
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, LAST("a.example"));
	lab_wait(&lab.containers[0].accepted, 1);
	lab_reload(&lab, "a.example app=a http %1\n");
	lab_read(fd, got, sizeof(got) - 1, NULL);
	expect_has(got, "\r\n\r\nA");
	expect_has(lab_ask(lab.http_port, LAST("a.example")), "\r\n\r\nB");
	close(fd);
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

enum { RATE = 10000000, BURST = 2000000 };

static __u64 bytes_in(__u64 ns)
{
	return ns / 1000 * RATE / 1000000;
}

static void serve_stream(struct lab_container *container, int fd)
{
	char head[65536];
	static char data[1 << 16];

	(void)container;
	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, "HTTP/1.1 200 OK\r\n\r\n");
	while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST) &&
	       send(fd, data, sizeof(data), MSG_NOSIGNAL) > 0)
		;
}

static __u64 streamed[3];

static void *stream(void *argument)
{
	__u64 *count = argument;
	int fd = lab_connect(lab.http_port);
	static __thread char data[1 << 16];
	ssize_t n;

	lab_say(fd, LAST("a.example"));
	while (!__atomic_load_n(&is_over, __ATOMIC_SEQ_CST) &&
	       (n = recv(fd, data, sizeof(data), 0)) > 0)
		__atomic_add_fetch(count, n, __ATOMIC_SEQ_CST);
	close(fd);
	return NULL;
}

STORY(connections_of_a_container_share_its_bandwidth_fairly)
{
	pthread_t threads[3];
	__u64 start_ns, total = 0, from[3], got[3], least, most;

	lab.workers = 2;
	lab.bytes_per_s = RATE;
	lab.burst_bytes = BURST;
	lab_container(&lab, 0, serve_stream, NULL);
	lab_start(&lab, A);
	start_ns = now_ns();
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, stream, &streamed[i]);
	/* The burst goes first, and kernel buffers fill; then it is the rate. */
	while (now_ns() - start_ns < 1000000000)
		lab_sleep_ms(10);
	start_ns = now_ns();
	for (int i = 0; i < 3; i++)
		from[i] = __atomic_load_n(&streamed[i], __ATOMIC_SEQ_CST);
	/* What the time within must have moved, and what the time around it may. */
	least = now_ns();
	lab_sleep_ms(3000);
	least = bytes_in(now_ns() - least);
	for (int i = 0; i < 3; i++)
		total += got[i] = __atomic_load_n(&streamed[i], __ATOMIC_SEQ_CST) - from[i];
	most = bytes_in(now_ns() - start_ns);
	for (int i = 0; i < 3; i++)
		cr_expect(got[i] > least / 6 && got[i] < most * 2 / 3, "%d: %llu of %llu", i,
			  got[i], most);
	__atomic_store_n(&is_over, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	/* Three seconds on a shared machine: the exact figure is a benchmark's. */
	cr_expect(total > least * 93 / 100 && total < most * 104 / 100, "%llu of %llu", total,
		  most);
}

STORY(a_container_that_refuses_is_passed_over_and_tried_again)
{
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	/* A port that was free a moment ago refuses. */
	lab_container(&lab, 1, NULL, NULL);
	close(lab.containers[1].listener);
	lab_start(&lab, "a.example app=a http %0 %1\nb.example app=b http %1\n");
	for (int i = 0; i < 6; i++)
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "\r\n\r\nA");
	lab_until(lab_ended(&lab, WEIR_END_COMPLETE) == 6);
	expect_has(lab_ask(lab.http_port, LAST("b.example")), "502 ");
	expect_has(lab_ask(lab.http_port, LAST("b.example")), "all_quarantined");
}

STORY(connections_beyond_the_most_wait_and_are_served)
{
	int fds[6];
	char got[1000];

	lab.limits.connections_max = 3;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	for (int i = 0; i < 6; i++) {
		fds[i] = lab_connect(lab.http_port);
		lab_say(fds[i], GET("a.example"));
	}
	for (int i = 0; i < 6; i++) {
		lab_read_head(fds[i], got, sizeof(got));
		expect_has(got, "200 OK");
		close(fds[i]);
	}
}

/* Who waits at a socket is served, also where workers have several, or one socket has no worker alone. */
static void serve_all_sockets(unsigned int workers, unsigned int sockets)
{
	lab.workers = workers;
	lab.sockets = sockets;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, "a.example http %0\n");
	for (int i = 0; i < 50; i++)
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "200 OK");
}

STORY(serves_more_sockets_than_workers)
{
	serve_all_sockets(2, 5);
}

STORY(serves_as_many_sockets_as_workers)
{
	serve_all_sockets(3, 3);
}

static void *stop_later(void *argument)
{
	weir_proxy_stop(argument, 3000000000ULL);
	return NULL;
}

STORY(handing_over_serves_an_idle_connection_once_more_and_leaves_who_waits_to_the_next)
{
	struct weir_proxy *next = NULL;
	char head[1000];
	pthread_t stopper;
	int idle;

	lab.workers = 2;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, "a.example http %0\n");
	idle = lab_connect(lab.http_port);
	lab_say(idle, GET("a.example"));
	lab_read_head(idle, head, sizeof(head));
	expect_has_not(head, "Connection: close");
	lab_read(idle, head, 1, NULL);
	/* A table of its own, as in another process: idle links belong to a worker, by its number. */
	cr_assert_eq(weir_proxy_start(&lab.limits, lab_table(&lab, "a.example http %0\n"),
				      &lab.listeners, 1, &lab.log, &next),
		     0);
	weir_proxy_hand_over(lab.proxy, 3000000000ULL);
	cr_assert_eq(pthread_create(&stopper, NULL, stop_later, &lab.proxy), 0);
	for (int i = 0; i < 20; i++)
		expect_has(lab_ask(lab.http_port, LAST("a.example")), "200 OK");
	lab_say(idle, GET("a.example"));
	lab_read_head(idle, head, sizeof(head));
	expect_has(head, "200 OK");
	expect_has(head, "Connection: close");
	close(idle);
	pthread_join(stopper, NULL);
	weir_proxy_stop(&next, 0);
}

STORY(a_drain_ends_when_its_time_is_up_though_nothing_happens)
{
	char got[1000] = "";
	int fd, error = -1;

	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read_head(fd, got, sizeof(got));
	lab_read(fd, got, 1, NULL);
	weir_proxy_hand_over(lab.proxy, 200000000);
	/* Its time limit of a minute is far off, and the client says nothing. */
	cr_expect_eq(lab_read(fd, got, 1, &error), 0);
	cr_expect_eq(error, 0, "%s", strerror(error));
	close(fd);
}

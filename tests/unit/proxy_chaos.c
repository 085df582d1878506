/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients and containers that do anything at any time, for a while. Nothing may crash, and when all have
 * gone nothing may be left: no connection, no buffer, no pipe, no place in a line.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy_lab.h"
#include "random.h"
#include "sniff_hello.h"

static struct lab lab;
static uint64_t seed;

static void start(void)
{
	lab_init(&lab);
	lab.workers = 2;
	seed = random_seed();
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(chaos, name, .init = start, .fini = stop)

static __u8 noise[1 << 18];

/* End a connection in one of the ways there are; the descriptor is gone or going after it. */
static void end_somehow(struct random *random, int fd)
{
	static const struct linger abort = {.l_onoff = 1};
	char data[4096];

	switch (random_below(random, 4)) {
	case 0:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
		break;
	case 1:
		shutdown(fd, SHUT_WR);
		while (recv(fd, data, sizeof(data), 0) > 0)
			;
		break;
	case 2:
		shutdown(fd, SHUT_RDWR);
		break;
	default:
		break;
	}
}

static void answer_somehow(struct random *random, int fd)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\nuntil the close",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
		"nonsense",
		"",
	};

	lab_say(fd, answers[random_below(random, sizeof(answers) / sizeof(answers[0]))]);
	if (random_chance(random, 50))
		lab_send(fd, noise, random_below(random, sizeof(noise)));
}

static void serve_anything(struct lab_container *container, int fd)
{
	struct random random = {seed + (uint64_t)fd * 7919 + (uint64_t)container->accepted};
	char data[1 << 14];

	for (uint32_t i = random_below(&random, 4); i; i--) {
		if (random_chance(&random, 80) && recv(fd, data, sizeof(data), 0) <= 0)
			break;
		if (random_chance(&random, 10))
			lab_sleep_ms(random_below(&random, 30));
		answer_somehow(&random, fd);
	}
	end_somehow(&random, fd);
}

static void ask_http(struct random *random, int fd)
{
	static const char *const requests[] = {
		GET("a.example"),
		GET("b.example") GET("a.example"),
		"HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: "
		"x\r\n\r\nmore",
		"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 200000\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 20\r\nExpect: "
		"100-continue\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: b.example\r\nTransfer-Encoding: chunked\r\n\r\n30000\r\n",
		"POST / HTTP/1.1\r\nHost: b.example\r\nTransfer-Encoding: "
		"chunked\r\n\r\n3\r\nabc\r\n"
		"0\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: none.example\r\n\r\n" GET("nobody.example"),
		"GET / HTTP/1.1\r\nHost: a",
		"bad\r\n",
	};

	lab_say(fd, requests[random_below(random, sizeof(requests) / sizeof(requests[0]))]);
}

static void ask_tls(struct random *random, int fd)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct bytes message, wire;

	pthread_mutex_lock(&lock);
	hello_message(&message,
		      &(struct hello_parts){.name = random_chance(random, 90) ? "a.example"
									      : "x.example"});
	cut_records(&wire, &message, 1 + random_below(random, 300));
	lab_send(fd, wire.data,
		 random_chance(random, 90) ? wire.size : random_below(random, wire.size));
	pthread_mutex_unlock(&lock);
}

static void *be_a_client(void *argument)
{
	struct random random = {seed ^ *(const uint64_t *)argument << 32};
	char data[1 << 14];

	for (int round = 0; round < 40; round++) {
		bool is_tls = random_chance(&random, 40);
		int fd = lab_connect(is_tls ? lab.tls_port : lab.http_port);

		if (is_tls)
			ask_tls(&random, fd);
		for (uint32_t i = random_below(&random, 4); i; i--) {
			if (!is_tls)
				ask_http(&random, fd);
			if (random_chance(&random, 40))
				lab_send(fd, noise, random_below(&random, sizeof(noise)));
			if (random_chance(&random, 60))
				recv(fd, data, sizeof(data), MSG_DONTWAIT);
			if (random_chance(&random, 30))
				lab_sleep_ms(random_below(&random, 20));
		}
		end_somehow(&random, fd);
		close(fd);
	}
	return NULL;
}

static __u32 left_over(void)
{
	__u32 left = 0;

	for (unsigned int i = 0; i < lab.workers; i++)
		left += __atomic_load_n(&lab.proxy->workers[i].conns_count, __ATOMIC_SEQ_CST);
	return left;
}

static void expect_nothing_left(void)
{
	struct weir_table *table = lab.proxy->table;

	lab_until(!left_over());
	for (unsigned int i = 0; i < lab.workers; i++) {
		lab_until(!lab.proxy->workers[i].pools.buffers.lent_bytes);
		lab_until(!lab.proxy->workers[i].pools.pipes.lent);
	}
	for (size_t i = 0; i < table->containers_count; i++) {
		cr_expect_eq(table->containers[i]->waiting[WEIR_UP], 0, "seed %#lx", seed);
		cr_expect_eq(table->containers[i]->waiting[WEIR_DOWN], 0, "seed %#lx", seed);
	}
}

STORY(leaves_nothing_behind)
{
	static uint64_t numbers[6];
	pthread_t threads[6];

	lab.bytes_per_s = 50000000;
	lab.burst_bytes = 1000000;
	lab.limits.hello_ns = lab.limits.first_byte_ns = lab.limits.idle_ns = 1000000000;
	lab.limits.tunnel_ns = lab.limits.keepalive_ns = lab.limits.linger_ns = 1000000000;
	lab_container(&lab, 0, serve_anything, NULL);
	lab_container(&lab, 1, serve_anything, NULL);
	lab_start(&lab, "a.example app=a http %0 %1 tls %0\nb.example app=b http %1 tls %1\n"
			"none.example app=none\n");
	for (int i = 0; i < 6; i++) {
		numbers[i] = i + 1;
		pthread_create(&threads[i], NULL, be_a_client, &numbers[i]);
	}
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	expect_nothing_left();
}

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

STORY(out_of_descriptors_it_serves_on_and_does_not_spin)
{
	enum { CLIENTS = 60 };
	struct rlimit limit;
	int fds[CLIENTS];
	char got[2000];
	double before;

	lab.limits.first_byte_ns = 1000000000;
	lab_container(&lab, 0, serve_loop, OK("1\r\n\r\nA"));
	lab_start(&lab, "a.example app=a http %0\n");
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = lab_connect(lab.http_port);
	/* The clients have theirs; for the proxy only a few are left. */
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = fds[CLIENTS - 1] + 20;
	setrlimit(RLIMIT_NOFILE, &limit);
	before = cpu_seconds();
	for (int i = 0; i < CLIENTS; i++)
		lab_say(fds[i], LAST("a.example"));
	lab_sleep_ms(1500);
	cr_expect_lt(cpu_seconds() - before, 1.0, "it spins");
	/* Some were served, some shed, some wait; and afterwards all is as before. */
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	lab_sleep_ms(200);
	fds[0] = lab_connect(lab.http_port);
	lab_say(fds[0], LAST("a.example"));
	got[lab_read(fds[0], got, sizeof(got) - 1, NULL)] = 0;
	close(fds[0]);
	expect_has(got, "HTTP/1.1 ");
	expect_nothing_left();
}

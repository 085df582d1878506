/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Good clients' latency while a proxy is attacked: one request after the other, each on a connection of its own,
 * from connect to the last byte; the 99th percentile calm, then under each attack. A request that fails or takes
 * longer than TIMEOUT_S counts as that long. WEIR_BENCH_ATTACK=NAME: that attack alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack.h"
#include "bench/bench.h"
#include "contender.h"
#include "load.h"
#include "proxy_benchmarks.h"

#define NS_PER_S 1000000000ULL

enum {
	TIMEOUT_S = 2,
	CALM_S = 2,
	ATTACK_S = 5,
	REQUESTS_MAX = 20000,
	PAUSE_US = 1000,
	ANSWER_MAX = 4096
};

struct figures {
	__u64 p99_ns;
	__u32 done, failed;
};

static bool is_answered(int fd)
{
	static const char request[] = "GET /small HTTP/1.1\r\nHost: n0000001.example.org\r\n"
				      "Connection: close\r\n\r\n";
	char answer[ANSWER_MAX + 1];
	size_t size = 0;
	ssize_t got;

	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		return false;
	while ((got = recv(fd, answer + size, ANSWER_MAX - size, 0)) > 0)
		size += got;
	answer[size] = '\0';
	return got == 0 && !strncmp(answer, "HTTP/1.1 200 ", 13) && strstr(answer, "\r\n\r\nsmall");
}

static bool ask(const struct sockaddr_in *to)
{
	struct timeval patience = {.tv_sec = TIMEOUT_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_well;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	is_well = connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 && is_answered(fd);
	close(fd);
	return is_well;
}

static int compare(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

static struct figures good_client(const struct sockaddr_in *to, __u32 seconds)
{
	static __u64 took_ns[REQUESTS_MAX];
	__u64 until_ns = bench_now_ns() + seconds * NS_PER_S, begin_ns;
	struct figures figures = {};
	__u32 count = 0;

	while ((begin_ns = bench_now_ns()) < until_ns && count < REQUESTS_MAX) {
		bool is_well = ask(to);

		took_ns[count++] = is_well ? bench_now_ns() - begin_ns : TIMEOUT_S * NS_PER_S;
		figures.done += is_well;
		figures.failed += !is_well;
		usleep(PAUSE_US);
	}
	qsort(took_ns, count, sizeof(took_ns[0]), compare);
	figures.p99_ns = took_ns[count * 99 / 100];
	return figures;
}

static void measure(const struct attack *attack, const struct contender *contender)
{
	struct figures calm = good_client(&contender->at, CALM_S), under;
	pid_t pid = attack_start(attack, &contender->at);
	char name[64];
	double ratio;
	__u64 turns;

	under = good_client(&contender->at, ATTACK_S);
	turns = attack_stop(pid);
	contender_settled_cpu_ns(contender);
	ratio = (double)under.p99_ns / calm.p99_ns;
	printf("  %-14s %-10s %9.2f %9.2f %8.1f %7u %7u %9llu\n", attack->name, contender->name,
	       calm.p99_ns / 1e6, under.p99_ns / 1e6, ratio, under.done, under.failed,
	       turns / ATTACK_S);
	fflush(stdout);
	snprintf(name, sizeof(name), "attack_%s_%s", attack->name, contender->name);
	bench_result(name, ratio, "x");
}

void bench_attacks(char **arguments)
{
	struct contenders contenders = contenders_parse(arguments);
	const char *only = getenv("WEIR_BENCH_ATTACK");

	printf("good clients' p99, ms, calm and under attack\n  %-14s %-10s %9s %9s %8s %7s %7s "
	       "%9s\n",
	       "attack", "proxy", "calm", "attacked", "ratio", "done", "failed", "turns/s");
	for (const struct attack *attack = attacks; attack->name; attack++)
		for (int i = 0; i < contenders.count && (!only || !strcmp(only, attack->name)); i++)
			measure(attack, &contenders.items[i]);
}
